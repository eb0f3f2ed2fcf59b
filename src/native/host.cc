#include "host.h"

#include <cstdint>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hellotap {

namespace {

/** What one of ethtool's questions is answered with; -1 where the driver has no answer. @returns false where nobody can */
bool ask(int fd, ifreq* request, uint32_t command, uint32_t mask, int* answer) {
  ethtool_value value{};
  value.cmd = command;
  request->ifr_data = reinterpret_cast<char*>(&value);
  if (ioctl(fd, SIOCETHTOOL, request) == 0) {
    *answer = (value.data & mask) != 0;
    return true;
  }
  *answer = -1;
  return errno == EOPNOTSUPP;
}

}  // namespace

bool readOffloads(const std::string& name, Offloads* offloads, std::string* error) {
  constexpr uint32_t kAny = ~0u;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  bool done = fd >= 0;
  if (done && name.size() >= sizeof request.ifr_name) {
    errno = ENODEV;
    done = false;
  }
  if (done) {
    memcpy(request.ifr_name, name.data(), name.size());
    done = ask(fd, &request, ETHTOOL_GGRO, kAny, &offloads->genericReceive) &&
           ask(fd, &request, ETHTOOL_GFLAGS, ETH_FLAG_LRO, &offloads->largeReceive) &&
           ask(fd, &request, ETHTOOL_GTSO, kAny, &offloads->tcpSegmentation) &&
           ask(fd, &request, ETHTOOL_GGSO, kAny, &offloads->genericSegmentation);
  }
  if (!done) *error = strerror(errno);
  if (fd >= 0) close(fd);
  return done;
}

bool readClockError(double* micros, std::string* error) {
  timex time{};
  if (adjtimex(&time) < 0) {
    *error = strerror(errno);
    return false;
  }
  *micros = time.maxerror;
  return true;
}

}  // namespace hellotap
