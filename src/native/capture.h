// One interface being captured: a thread that copies frames from the kernel's ring into memory shared with the process
// that reads them, as records of a pcap file with nanosecond stamps. The memory is two halves, each a batch:
//
//        the reader reads              the thread fills
//   +---------------------------+---------------------------+
//   |    half 0, `length`       |    half 1, `used_`        |
//   +---------------------------+---------------------------+
//
// The thread hands a half over by writing its length (u32, little-endian) to the socket `peerFd`; the reader gives it back
// by one byte. At most one half is with the reader, so neither ever blocks, and halves alternate. While both are full,
// frames stay in the kernel's ring; when that is full too, the kernel drops, and says how many.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "libpcap.h"

namespace hellotap {

struct CaptureOptions {
  std::string interface;
  /** Filter expression of libpcap; "" passes all. */
  std::string filter;
  /** Bytes of every frame kept. */
  int snaplen;
  /** Bytes of the kernel's ring. */
  int ringBytes;
  /** Milliseconds the kernel may hold a frame back to hand over several at once. */
  int timeoutMillis;
  /** Whether the kernel tells of each frame at once, which costs a slot of the greatest size for each. */
  bool immediate;
  /** Group of captures among which flows are dealt out (PACKET_FANOUT), or -1 for none. */
  int fanoutGroup;
  /** The shared memory and its bytes, both halves. */
  uint8_t* memory;
  size_t memoryBytes;
  /** Socket to the reader. */
  int peerFd;
};

/** Frames since the start. */
struct CaptureCounts {
  /** Put into shared memory. */
  uint64_t taken;
  /** Dropped by the kernel because its ring was full. */
  uint64_t kernelDropped;
  /** Dropped before the kernel's filter, by the interface or its driver. */
  uint64_t interfaceDropped;
  /** Left in the ring when the capture was stopped. */
  uint64_t left;
};

enum class CaptureEvent { kDown, kFailed, kStopped };

class Capture {
 public:
  /** Tells the owner of an event, from the capture's thread. */
  using Tell = std::function<void(CaptureEvent)>;

  explicit Capture(const CaptureOptions& options) : options_(options) {}
  ~Capture();

  /** Opens the interface. @returns false with libpcap's words in `error` */
  bool open(std::string* error);
  /** Starts the thread. */
  void start(Tell tell);
  /** Asks the thread to end when all that came so far is handed over, or `millis` have passed; then it tells kStopped. */
  void stop(int millis);

  /** DLT_ value of the frames. */
  int datalink() const { return datalink_; }
  /** The packet socket. */
  int fd() const { return fd_; }
  CaptureCounts counts();
  /** Replaces the filter; frames already in the ring passed the one before. @returns false with the reason in `error` */
  bool setFilter(const std::string& expression, std::string* error);
  /** What ended the capture, after kFailed. */
  std::string failure();

 private:
  void run();
  int turn();
  void post();
  void acknowledge();
  void rest(int64_t waited);
  void drain();
  void take(const pcap_pkthdr* header, const u_char* frame);
  bool hasRoom() const { return used_ + recordMost_ <= halfBytes_; }
  uint8_t* filling() const { return options_.memory + half_ * halfBytes_; }

  const CaptureOptions options_;
  const Libpcap* pcap_ = nullptr;
  pcap_t* handle_ = nullptr;
  int fd_ = -1;
  int wakeFd_ = -1;
  int datalink_ = 0;
  uint32_t nanosPerFraction_ = 1;
  size_t halfBytes_ = 0;
  size_t recordMost_ = 0;
  /** Half the thread fills, bytes in it, and whether the other is with the reader. */
  size_t half_ = 0;
  size_t used_ = 0;
  bool lent_ = false;

  /** Held while libpcap works on the handle. */
  std::mutex mutex_;
  CaptureCounts counts_{};
  pcap_stat last_{};
  std::string failure_;
  Tell tell_;
  std::thread thread_;
  std::atomic<int> stopMillis_{-1};
};

}  // namespace hellotap
