// libpcap, found at run time: the built engine neither needs its headers nor one name of the library, which differs
// between distributions (libpcap.so.0.8 on Debian, libpcap.so.1 elsewhere).

#pragma once

#include <pcap/pcap.h>

#include <string>

namespace hellotap {

/** The functions of libpcap used here, by the names they have there. */
struct Libpcap {
  decltype(&::pcap_lib_version) lib_version;
  decltype(&::pcap_create) create;
  decltype(&::pcap_set_snaplen) set_snaplen;
  decltype(&::pcap_set_promisc) set_promisc;
  decltype(&::pcap_set_timeout) set_timeout;
  decltype(&::pcap_set_immediate_mode) set_immediate_mode;
  decltype(&::pcap_set_buffer_size) set_buffer_size;
  decltype(&::pcap_set_tstamp_precision) set_tstamp_precision;
  decltype(&::pcap_get_tstamp_precision) get_tstamp_precision;
  decltype(&::pcap_activate) activate;
  decltype(&::pcap_setnonblock) setnonblock;
  decltype(&::pcap_get_selectable_fd) get_selectable_fd;
  decltype(&::pcap_datalink) datalink;
  decltype(&::pcap_compile) compile;
  decltype(&::pcap_setfilter) setfilter;
  decltype(&::pcap_freecode) freecode;
  decltype(&::pcap_dispatch) dispatch;
  decltype(&::pcap_breakloop) breakloop;
  decltype(&::pcap_stats) stats;
  decltype(&::pcap_geterr) geterr;
  decltype(&::pcap_statustostr) statustostr;
  decltype(&::pcap_close) close;
};

/** The library, loaded once and never unloaded; nullptr, with the reason in `error`, where there is none. */
const Libpcap* libpcap(std::string* error);

}  // namespace hellotap
