#include "libpcap.h"

#include <dlfcn.h>

#include <mutex>

namespace hellotap {

namespace {

const char* const kNames[] = {"libpcap.so.0.8", "libpcap.so.1", "libpcap.so"};

template <typename Function>
bool find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, name));
  return *function != nullptr;
}

bool findAll(void* library, Libpcap* pcap) {
  return find(library, "pcap_lib_version", &pcap->lib_version) &&
         find(library, "pcap_create", &pcap->create) &&
         find(library, "pcap_set_snaplen", &pcap->set_snaplen) &&
         find(library, "pcap_set_promisc", &pcap->set_promisc) &&
         find(library, "pcap_set_timeout", &pcap->set_timeout) &&
         find(library, "pcap_set_immediate_mode", &pcap->set_immediate_mode) &&
         find(library, "pcap_set_buffer_size", &pcap->set_buffer_size) &&
         find(library, "pcap_set_tstamp_precision", &pcap->set_tstamp_precision) &&
         find(library, "pcap_get_tstamp_precision", &pcap->get_tstamp_precision) &&
         find(library, "pcap_activate", &pcap->activate) &&
         find(library, "pcap_setnonblock", &pcap->setnonblock) &&
         find(library, "pcap_get_selectable_fd", &pcap->get_selectable_fd) &&
         find(library, "pcap_datalink", &pcap->datalink) &&
         find(library, "pcap_compile", &pcap->compile) &&
         find(library, "pcap_setfilter", &pcap->setfilter) &&
         find(library, "pcap_freecode", &pcap->freecode) &&
         find(library, "pcap_dispatch", &pcap->dispatch) &&
         find(library, "pcap_breakloop", &pcap->breakloop) &&
         find(library, "pcap_stats", &pcap->stats) &&
         find(library, "pcap_geterr", &pcap->geterr) &&
         find(library, "pcap_statustostr", &pcap->statustostr) &&
         find(library, "pcap_close", &pcap->close);
}

}  // namespace

const Libpcap* libpcap(std::string* error) {
  static Libpcap functions;
  static bool loaded = false;
  static std::string failure;
  static std::once_flag once;
  std::call_once(once, [] {
    for (const char* name : kNames) {
      void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
      if (library == nullptr) {
        // the first name's reason: a later one would tell of a library nobody has
        if (failure.empty()) failure = dlerror();
        continue;
      }
      loaded = findAll(library, &functions);
      if (loaded) return;
      failure = std::string(name) + " is older than 1.5";
      dlclose(library);
    }
  });
  if (!loaded) *error = failure;
  return loaded ? &functions : nullptr;
}

}  // namespace hellotap
