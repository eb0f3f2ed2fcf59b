#include "privilege.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hellotap {

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
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  if (lend) {
    done = done && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) == 0;
    if (sets[1].permitted != 0)
      done = done && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kBpf, 0, 0) == 0;
  }
  if (!done) *error = std::string("cannot keep CAP_NET_RAW alone: ") + strerror(errno);
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
