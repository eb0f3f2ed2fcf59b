// What the kernel tells of this machine without a privilege.

#pragma once

#include <string>

namespace hellotap {

/** Whether the kernel merges and cuts frames of an interface; -1 where its driver does not say. */
struct Offloads {
  int genericReceive = -1;
  int largeReceive = -1;
  int tcpSegmentation = -1;
  int genericSegmentation = -1;
};

/** Asks for an interface's offloads, SIOCETHTOOL. @returns false with the reason in `error` */
bool readOffloads(const std::string& name, Offloads* offloads, std::string* error);

/** Microseconds by which the kernel's clock may be off, adjtimex(2). @returns false with the reason in `error` */
bool readClockError(double* micros, std::string* error);

}  // namespace hellotap
