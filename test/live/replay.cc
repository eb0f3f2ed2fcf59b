// Sends the frames of a pcap file (microseconds, little-endian, Ethernet) by one interface at a steady rate, over and over:
//
//   replay FILE INTERFACE FRAMES-PER-SECOND FRAMES FIRST-ROUND
//
// Rate 0 is as fast as it can. Each round through the file changes the first byte of all IPv4 addresses, so its
// connections are new ones; rounds are counted from the one given. Prints a line when it begins, and at the end frames sent,
// frames the kernel refused, and seconds taken.

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <time.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr int kBurst = 32;
constexpr size_t kEthernetLen = 14;
constexpr size_t kSource = kEthernetLen + 12;
constexpr size_t kDestination = kEthernetLen + 16;

int64_t nowNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

uint32_t u32(const uint8_t* at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

int main(int count, char** words) {
  if (count != 6) return 2;
  const double rate = atof(words[3]);
  const int64_t total = atoll(words[4]);
  FILE* file = fopen(words[1], "rb");
  if (file == nullptr) return perror(words[1]), 1;
  fseek(file, 0, SEEK_END);
  std::vector<uint8_t> bytes(ftell(file));
  rewind(file);
  if (fread(bytes.data(), 1, bytes.size(), file) != bytes.size()) return perror(words[1]), 1;
  std::vector<iovec> frames;
  for (size_t off = 24; off + 16 <= bytes.size();) {
    const uint32_t caplen = u32(&bytes[off + 8]);
    frames.push_back({&bytes[off + 16], caplen});
    off += 16 + caplen;
  }

  const int fd = socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) return perror("socket"), 1;
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = if_nametoindex(words[2]);
  if (bind(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) < 0) return perror(words[2]), 1;
  const int yes = 1;
  setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes);

  int64_t sent = 0, refused = 0;
  size_t next = 0;
  uint8_t round = atoi(words[5]), mask = round;
  puts("sending");
  fflush(stdout);
  const int64_t start = nowNanos();
  while (sent + refused < total) {
    mmsghdr messages[kBurst] = {};
    int filled = 0;
    while (filled < kBurst && sent + refused + filled < total) {
      iovec& frame = frames[next];
      auto* bytes = static_cast<uint8_t*>(frame.iov_base);
      bytes[kSource] ^= mask;
      bytes[kDestination] ^= mask;
      messages[filled].msg_hdr.msg_iov = &frame;
      messages[filled++].msg_hdr.msg_iovlen = 1;
      if (++next < frames.size()) continue;
      next = 0;
      round++;
      // what changes the addresses of the round before into this one's
      mask = round ^ (round - 1);
      break;
    }
    for (int done = 0; done < filled;) {
      const int now = sendmmsg(fd, messages + done, filled - done, 0);
      if (now > 0) {
        done += now;
        sent += now;
      } else if (errno == ENOBUFS || errno == EAGAIN) {
        done++;
        refused++;
      } else {
        return perror("sendmmsg"), 1;
      }
    }
    if (rate == 0) continue;
    const int64_t due = start + static_cast<int64_t>((sent + refused) * 1e9 / rate);
    const int64_t early = due - nowNanos();
    // sleeping costs some 50 µs more than asked for
    if (early < 200'000) continue;
    const timespec pause{0, static_cast<long>(early - 100'000)};
    nanosleep(&pause, nullptr);
  }
  printf("%lld %lld %.6f\n", static_cast<long long>(sent), static_cast<long long>(refused),
         (nowNanos() - start) / 1e9);
  return 0;
}
