#include "privilege.h"

#include <dirent.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace hellotap {

namespace {

/**
 * The signal by which the C library has all threads change their user: the one that no thread can block. sigaction(3) does
 * not let it be handled, the system call does.
 */
constexpr int kEveryThread = 33;
/** Bytes of a set of signals, and at most of what the kernel knows of a signal's handling. */
constexpr size_t kSignalSetBytes = 8;
using KernelAction = char[64];
/** Times all threads are looked at, and how long between: one may start another meanwhile. */
constexpr int kLooks = 500;
constexpr timespec kBetweenLooks{0, 2'000'000};

void dropOwn(int) {
  const int before = errno;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2]{};
  syscall(SYS_capset, &header, none);
  errno = before;
}

/** Threads of this process that have a capability, or may have. @returns false where the system does not tell */
bool privileged(std::vector<int>* threads) {
  threads->clear();
  DIR* folder = opendir("/proc/self/task");
  if (folder == nullptr) return false;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    const std::string path = std::string("/proc/self/task/") + entry->d_name + "/status";
    FILE* status = fopen(path.c_str(), "re");
    unsigned long long permitted = 0;
    char line[256];
    while (status != nullptr && fgets(line, sizeof line, status) != nullptr)
      if (sscanf(line, "CapPrm: %llx", &permitted) == 1) break;
    if (status != nullptr) fclose(status);
    if (permitted != 0) threads->push_back(atoi(entry->d_name));
  }
  closedir(folder);
  return true;
}

}  // namespace

bool lendCapture(bool lend, std::string* error) {
  // CAP_BPF has a number since Linux 5.8; older headers have not its name
  constexpr int kBpf = 39;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct had[2]{}, sets[2]{};
  bool done = syscall(SYS_capget, &header, had) == 0;
  sets[0].permitted = 1u << CAP_NET_RAW;
  sets[1].permitted = had[1].permitted & 1u << (kBpf - 32);
  for (auto& set : sets) {
    set.effective = set.permitted;
    // what is not inheritable is not ambient either: the kernel sees to that
    set.inheritable = lend ? set.permitted : 0;
  }
  done = done && syscall(SYS_capset, &header, sets) == 0 &&
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         // other processes of this user see no memory, descriptors or environment of who has the privilege
         prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  if (lend) {
    done = done && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) == 0;
    if (sets[1].permitted != 0)
      done = done && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kBpf, 0, 0) == 0;
  }
  if (!done) *error = std::string("cannot keep CAP_NET_RAW alone: ") + strerror(errno);
  return done;
}

bool dropCapabilities(std::string* error) {
  // what the kernel is told of any signal with this handler, it is told of the one for every thread
  KernelAction ours{}, before{};
  struct sigaction action{}, spare{};
  action.sa_handler = dropOwn;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  bool done = sigaction(SIGRTMAX, &action, &spare) == 0 &&
              syscall(SYS_rt_sigaction, SIGRTMAX, nullptr, ours, kSignalSetBytes) == 0 &&
              sigaction(SIGRTMAX, &spare, nullptr) == 0 &&
              syscall(SYS_rt_sigaction, kEveryThread, ours, before, kSignalSetBytes) == 0;
  if (!done) {
    *error = std::string("cannot reach all threads: ") + strerror(errno);
    return false;
  }
  std::vector<int> threads;
  done = false;
  for (int i = 0; i < kLooks && !done && privileged(&threads); i++) {
    for (const int thread : threads) syscall(SYS_tgkill, getpid(), thread, kEveryThread);
    done = threads.empty();
    if (!done) nanosleep(&kBetweenLooks, nullptr);
  }
  syscall(SYS_rt_sigaction, kEveryThread, before, nullptr, kSignalSetBytes);
  if (!done) *error = "a thread keeps a capability";
  return done;
}

int connectTo(const std::string& path, std::string* error) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (fd >= 0 && connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  *error = "cannot connect to " + path + ": " + strerror(errno);
  if (fd >= 0) close(fd);
  return -1;
}

}  // namespace hellotap
