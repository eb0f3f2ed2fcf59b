// The service manager's notification socket, sd_notify(3).

#pragma once

#include <string>

namespace hellotap {

/**
 * Sends one datagram to the Unix socket at `path`; a leading "@" names an abstract socket. Never waits: a manager that
 * does not read is no reason to stop. @returns false with the reason in `error`
 */
bool notify(const std::string& path, const std::string& text, std::string* error);

}  // namespace hellotap
