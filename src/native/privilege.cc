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
  constexpr uint32_t kNetRaw = 1u << CAP_NET_RAW;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2]{};
  sets[0].effective = sets[0].permitted = kNetRaw;
  // what is not inheritable is not ambient either: the kernel sees to that
  sets[0].inheritable = lend ? kNetRaw : 0;
  if (syscall(SYS_capset, &header, sets) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
      (lend && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) < 0)) {
    *error = std::string("cannot keep CAP_NET_RAW alone: ") + strerror(errno);
    return false;
  }
  return true;
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
