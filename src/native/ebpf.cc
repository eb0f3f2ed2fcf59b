#include "ebpf.h"

#include <linux/bpf.h>
#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace hellotap {

namespace {

constexpr uint32_t kKeyBytes = 40;
constexpr uint32_t kValueBytes = 8;
/** What the verifier may write about a program it refuses, bytes. */
constexpr uint32_t kLogBytes = 1 << 16;
/** Bytes of a frame that a filter of libpcap's accepts. */
constexpr uint32_t kAll = 1 << 18;

int bpf(bpf_cmd command, bpf_attr* attributes) {
  return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

int createTable(uint32_t entries) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_LRU_HASH;
  attributes.key_size = kKeyBytes;
  attributes.value_size = kValueBytes;
  attributes.max_entries = entries;
  const int fd = bpf(BPF_MAP_CREATE, &attributes);
  if (fd >= 0 || errno != EPERM) return fd;
  // before Linux 5.11 tables count as locked memory, of which a process may have little
  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
  if (setrlimit(RLIMIT_MEMLOCK, &none) < 0) errno = EPERM;
  return bpf(BPF_MAP_CREATE, &attributes);
}

int load(const std::vector<bpf_insn>& code, std::string* log) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attributes.insns = reinterpret_cast<uintptr_t>(code.data());
  attributes.insn_cnt = code.size();
  attributes.license = reinterpret_cast<uintptr_t>("Apache-2.0");
  if (log != nullptr) {
    log->assign(kLogBytes, '\0');
    attributes.log_buf = reinterpret_cast<uintptr_t>(&(*log)[0]);
    attributes.log_size = log->size();
    attributes.log_level = 1;
  }
  const int fd = bpf(BPF_PROG_LOAD, &attributes);
  if (log != nullptr) log->resize(strlen(log->c_str()));
  return fd;
}

/** What the verifier says of a program it refuses: the line before its figures. */
std::string complaint(const std::vector<bpf_insn>& code) {
  std::string log;
  const int fd = load(code, &log);
  if (fd >= 0) close(fd);
  const size_t end = log.rfind("\nprocessed ");
  if (end == std::string::npos) return "";
  const size_t start = log.rfind('\n', end - 1);
  return ": " + log.substr(start + 1, end - start - 1);
}

}  // namespace

bool classicFilter(int fd, std::string* program, std::string* error) {
  // in instructions, not bytes
  socklen_t count = 0;
  if (getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, nullptr, &count) == 0) {
    program->assign(count * sizeof(sock_filter), '\0');
    if (count > 0 && getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, &(*program)[0], &count) < 0) count = 0;
    if (count > 0) return true;
    const sock_filter all = BPF_STMT(BPF_RET | BPF_K, kAll);
    program->assign(reinterpret_cast<const char*>(&all), sizeof all);
    return true;
  }
  *error = std::string("cannot read the filter back: ") + strerror(errno);
  return false;
}

bool attachProgram(int fd, const uint8_t* program, size_t bytes, uint32_t entries,
                   std::string* error) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "programs are little-endian");
  std::vector<bpf_insn> code(bytes / sizeof(bpf_insn));
  memcpy(code.data(), program, code.size() * sizeof(bpf_insn));
  const int table = createTable(entries);
  if (table < 0) {
    *error = std::string("no table of flows: ") + strerror(errno);
    return false;
  }
  for (bpf_insn& each : code)
    if (each.code == (BPF_LD | BPF_IMM | BPF_DW) && each.src_reg == BPF_PSEUDO_MAP_FD)
      each.imm = table;
  const int loaded = load(code, nullptr);
  if (loaded < 0) {
    *error = std::string("the kernel refuses the program: ") + strerror(errno);
    if (errno != EPERM) *error += complaint(code);
  } else if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &loaded, sizeof loaded) < 0) {
    *error = std::string("cannot attach the program: ") + strerror(errno);
  }
  // the socket holds the program, and that the table
  if (loaded >= 0) close(loaded);
  close(table);
  return error->empty();
}

}  // namespace hellotap
