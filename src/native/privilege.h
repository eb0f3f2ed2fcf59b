#pragma once

#include <string>

namespace hellotap {

/**
 * Leaves the calling thread CAP_NET_RAW alone, and CAP_BPF where it has it, for good, and says whether a program it starts
 * may have that too. Nothing started from then on can gain another privilege. @returns false with the reason in `error`
 */
bool lendCapture(bool lend, std::string* error);

/**
 * Takes every capability from all threads of the process, for good. @returns false with the reason in `error`
 */
bool dropCapabilities(std::string* error);

/** Connects to the Unix socket at `path`. @returns its descriptor, or -1 with the reason in `error` */
int connectTo(const std::string& path, std::string* error);

}  // namespace hellotap
