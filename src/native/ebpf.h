// eBPF programs in the place of a packet socket's classic filter, bpf(2).

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace hellotap {

/**
 * The classic filter of a socket as the kernel has it, 8 bytes an instruction; one that accepts all where there is none.
 * @returns false with the reason in `error`
 */
bool classicFilter(int fd, std::string* program, std::string* error);

/**
 * Loads an eBPF program, 8 bytes an instruction, and puts it in the filter's place. Its loads of a map's address are given
 * a table of `entries` flows: keys of 40 bytes, values of 8; the least recently used one makes room.
 * @returns false with the kernel's reason in `error`; the filter before it stays
 */
bool attachProgram(int fd, const uint8_t* program, size_t bytes, uint32_t entries,
                   std::string* error);

}  // namespace hellotap
