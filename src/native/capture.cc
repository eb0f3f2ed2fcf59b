#include "capture.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>

namespace hellotap {

namespace {

/** Header of a record: seconds, nanoseconds, bytes captured, bytes on the wire; u32 each, little-endian. */
constexpr size_t kRecordHeaderLen = 16;
/** Frames handled with the mutex held: some 0.2 ms. */
constexpr int kTurnFrames = 1024;
/** Milliseconds past its timeout in which the kernel hands over a block of frames begun before. */
constexpr int kRetireMillis = 20;
/** Microseconds of rest for each millisecond of that timeout. */
constexpr int kRestMicros = 500;

int64_t nowMicros() {
  using namespace std::chrono;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

bool isLoopback(const std::string& name, int fd) {
  ifreq request{};
  strncpy(request.ifr_name, name.c_str(), sizeof request.ifr_name - 1);
  return ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_LOOPBACK) != 0;
}

}  // namespace

Capture::~Capture() {
  if (thread_.joinable()) {
    stop(0);
    thread_.join();
  }
  if (handle_ != nullptr) pcap_->close(handle_);
  if (wakeFd_ >= 0) ::close(wakeFd_);
}

bool Capture::open(std::string* error) {
  pcap_ = libpcap(error);
  if (pcap_ == nullptr) return false;
  halfBytes_ = options_.memoryBytes / 2;
  recordMost_ = kRecordHeaderLen + options_.snaplen;
  if (recordMost_ > halfBytes_) {
    *error = "half of the queue holds less than one frame";
    return false;
  }
  char message[PCAP_ERRBUF_SIZE] = "";
  handle_ = pcap_->create(options_.interface.c_str(), message);
  if (handle_ == nullptr) {
    *error = message;
    return false;
  }
  pcap_->set_snaplen(handle_, options_.snaplen);
  pcap_->set_promisc(handle_, 1);
  pcap_->set_timeout(handle_, options_.timeoutMillis);
  pcap_->set_immediate_mode(handle_, options_.immediate ? 1 : 0);
  pcap_->set_buffer_size(handle_, options_.ringBytes);
  pcap_->set_tstamp_precision(handle_, PCAP_TSTAMP_PRECISION_NANO);
  const int status = pcap_->activate(handle_);
  if (status < 0) {
    const char* detail = pcap_->geterr(handle_);
    *error = status == PCAP_ERROR ? detail : pcap_->statustostr(status);
    if (status != PCAP_ERROR && detail[0] != '\0') *error += std::string(" (") + detail + ")";
    return false;
  }
  if (pcap_->setnonblock(handle_, 1, message) < 0) {
    *error = message;
    return false;
  }
  fd_ = pcap_->get_selectable_fd(handle_);
  datalink_ = pcap_->datalink(handle_);
  const bool nanos = pcap_->get_tstamp_precision(handle_) == PCAP_TSTAMP_PRECISION_NANO;
  nanosPerFraction_ = nanos ? 1 : 1000;
  // on loopback every frame comes twice, leaving and arriving; libpcap drops the first of them only after the ring
  const int yes = 1;
  if (isLoopback(options_.interface, fd_))
    setsockopt(fd_, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
  if (!setFilter(options_.filter, error)) return false;
  if (options_.fanoutGroup >= 0) {
    // fragments are put together first, so that all of a flow has the hash of its ports
    const int value = options_.fanoutGroup | (PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG) << 16;
    if (setsockopt(fd_, SOL_PACKET, PACKET_FANOUT, &value, sizeof value) < 0) {
      *error = std::string("cannot join the fanout group: ") + strerror(errno);
      return false;
    }
  }
  wakeFd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return wakeFd_ >= 0;
}

void Capture::start(Tell tell) {
  tell_ = std::move(tell);
  thread_ = std::thread([this] { run(); });
}

void Capture::stop(int millis) {
  stopMillis_ = millis;
  const uint64_t one = 1;
  // a counter that is full has woken the thread already
  (void)!write(wakeFd_, &one, sizeof one);
}

CaptureCounts Capture::counts() {
  std::lock_guard<std::mutex> lock(mutex_);
  pcap_stat now{};
  if (pcap_->stats(handle_, &now) == 0) {
    // libpcap counts in 32 bits: what was added since the last look is exact across their end
    counts_.kernelDropped += static_cast<uint32_t>(now.ps_drop - last_.ps_drop);
    counts_.interfaceDropped += static_cast<uint32_t>(now.ps_ifdrop - last_.ps_ifdrop);
    last_ = now;
  }
  return counts_;
}

bool Capture::setFilter(const std::string& expression, std::string* error) {
  std::lock_guard<std::mutex> lock(mutex_);
  bpf_program program{};
  if (pcap_->compile(handle_, &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) < 0) {
    *error = pcap_->geterr(handle_);
    return false;
  }
  const int status = pcap_->setfilter(handle_, &program);
  if (status < 0) *error = pcap_->geterr(handle_);
  pcap_->freecode(&program);
  return status == 0;
}

std::string Capture::failure() {
  std::lock_guard<std::mutex> lock(mutex_);
  return failure_;
}

void Capture::run() {
  for (;;) {
    // without room the ring is left alone: an interface that is down would else wake us without end; and a half that
    // comes back while nothing waits for it is noticed with the next frames
    pollfd fds[] = {{hasRoom() ? fd_ : -1, POLLIN, 0},
                    {lent_ && used_ > 0 ? options_.peerFd : -1, POLLIN, 0},
                    {wakeFd_, POLLIN, 0}};
    const int64_t start = nowMicros();
    if (poll(fds, 3, -1) < 0) continue;
    if (fds[2].revents != 0) break;
    if ((fds[0].revents & POLLERR) != 0) tell_(CaptureEvent::kDown);
    const int64_t waited = nowMicros() - start;
    const int frames = fds[0].revents == 0 ? 0 : turn();
    if (frames < 0) {
      tell_(CaptureEvent::kFailed);
      return;
    }
    post();
    // a ring of slots, one a frame, is too short to rest
    if (frames > 0 && frames < kTurnFrames && !options_.immediate) rest(waited);
  }
  drain();
  tell_(CaptureEvent::kStopped);
}

/** Takes frames from the ring. @returns how many, or -1 when the capture has ended */
int Capture::turn() {
  std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t before = counts_.taken;
  const int status = pcap_->dispatch(
      handle_, kTurnFrames,
      [](u_char* self, const pcap_pkthdr* header, const u_char* frame) {
        reinterpret_cast<Capture*>(self)->take(header, frame);
      },
      reinterpret_cast<u_char*>(this));
  if (status < 0 && status != PCAP_ERROR_BREAK) {
    failure_ = pcap_->geterr(handle_);
    return -1;
  }
  return static_cast<int>(counts_.taken - before);
}

void Capture::take(const pcap_pkthdr* header, const u_char* frame) {
  uint8_t* record = filling() + used_;
  const uint32_t caplen = std::min<uint32_t>(header->caplen, options_.snaplen);
  const uint32_t fields[] = {static_cast<uint32_t>(header->ts.tv_sec),
                             static_cast<uint32_t>(header->ts.tv_usec) * nanosPerFraction_, caplen,
                             header->len};
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are little-endian");
  memcpy(record, fields, kRecordHeaderLen);
  memcpy(record + kRecordHeaderLen, frame, caplen);
  used_ += kRecordHeaderLen + caplen;
  counts_.taken++;
  if (!hasRoom()) pcap_->breakloop(handle_);
}

/** Hands the half being filled to the reader, if that has none and there is something in it. */
void Capture::post() {
  if (used_ == 0) return;
  if (lent_) acknowledge();
  if (lent_) return;
  const uint32_t length = used_;
  lent_ = true;
  half_ ^= 1;
  used_ = 0;
  // with one message under way at most the socket has room; without a reader our process is about to end
  (void)!send(options_.peerFd, &length, sizeof length, MSG_NOSIGNAL);
}

/** Takes a half back from the reader, if that has given it. */
void Capture::acknowledge() {
  uint8_t byte;
  const ssize_t count = recv(options_.peerFd, &byte, 1, MSG_DONTWAIT);
  if (count > 0) lent_ = false;
  // the reader is gone: nothing more is handed over
  if (count == 0) stop(0);
}

/**
 * Lets the ring fill for a while where frames came sooner than the kernel's timeout has them come, `waited` microseconds
 * after they were waited for: they fill its blocks one after the other, and each wakes two processes, which costs as much
 * as hundreds of frames.
 */
void Capture::rest(int64_t waited) {
  const int64_t micros = options_.timeoutMillis * kRestMicros;
  const timespec time{micros / 1'000'000, micros % 1'000'000 * 1000};
  if (waited < micros) nanosleep(&time, nullptr);
}

/** Lets no new frame in, hands over those that are in, and counts what the reader did not take in time. */
void Capture::drain() {
  sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  const sock_fprog program{1, nothing};
  setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);

  const int64_t giveUp = nowMicros() + stopMillis_ * 1000LL;
  bool drained = false;
  while (!drained || used_ > 0) {
    const int64_t left = (giveUp - nowMicros()) / 1000;
    if (left <= 0) break;
    const bool looking = !drained && hasRoom();
    pollfd fds[] = {{looking ? fd_ : -1, POLLIN, 0}, {used_ > 0 ? options_.peerFd : -1, POLLIN, 0}};
    const int wait = looking ? options_.timeoutMillis + kRetireMillis : static_cast<int>(left);
    const int ready = poll(fds, 2, wait);
    if (ready == 0 && looking) drained = true;
    if (fds[0].revents != 0 && ((fds[0].revents & POLLIN) == 0 || turn() < 0)) drained = true;
    post();
  }
  std::lock_guard<std::mutex> lock(mutex_);
  if (drained && used_ == 0) return;
  const uint8_t* record = filling();
  for (const uint8_t* end = record + used_; record < end;) {
    uint32_t caplen;
    memcpy(&caplen, record + 8, sizeof caplen);
    record += kRecordHeaderLen + caplen;
    counts_.left++;
    counts_.taken--;
  }
  if (drained) return;
  const int rest = pcap_->dispatch(
      handle_, -1, [](u_char*, const pcap_pkthdr*, const u_char*) {}, nullptr);
  if (rest > 0) counts_.left += rest;
}

}  // namespace hellotap
