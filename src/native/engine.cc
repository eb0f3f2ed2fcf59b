// What JavaScript sees of the capture engine (Node-API version 8, so one binary serves every Node from 12.22 on):
//
//   libpcap(): string                                     its version; throws where it is not to be found
//   createMemory(bytes): { fd, buffer }                  memory to share with a child that is started with `fd`
//   createSocketPair(): [number, number]                  two ends, one for such a child
//   offloads(name), clockError()                          see host.h
//   notify(path, text)                                    see notify.h
//   lendCapture(boolean), dropCapabilities(), connectTo(path): number    see privilege.h
//   openCapture(options, onEvent): Capture                see capture.h; throws libpcap's words
//   Capture: datalink, counts(), setFilter(text), stop(millis), failure(); classicFilter(): bytes,
//   attachProgram(bytes, entries), see ebpf.h

#include <node_api.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "capture.h"
#include "ebpf.h"
#include "host.h"
#include "notify.h"
#include "privilege.h"

namespace hellotap {

namespace {

napi_value throwError(napi_env env, const std::string& message) {
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

napi_value text(napi_env env, const std::string& value) {
  napi_value result;
  napi_create_string_utf8(env, value.data(), value.size(), &result);
  return result;
}

std::string textOf(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return "";
  std::string result(length, '\0');
  napi_get_value_string_utf8(env, value, &result[0], length + 1, &length);
  return result;
}

napi_value property(napi_env env, napi_value object, const char* name) {
  napi_value value = nullptr;
  napi_get_named_property(env, object, name, &value);
  return value;
}

std::string textProperty(napi_env env, napi_value object, const char* name) {
  return textOf(env, property(env, object, name));
}

int intProperty(napi_env env, napi_value object, const char* name) {
  int32_t value = 0;
  napi_get_value_int32(env, property(env, object, name), &value);
  return value;
}

void method(napi_env env, napi_value object, const char* name, napi_callback call, void* data) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, call, data, &function);
  napi_set_named_property(env, object, name, function);
}

/** Arguments of a call, and the data its function was made with. */
template <size_t Count>
void* arguments(napi_env env, napi_callback_info info, napi_value (&values)[Count]) {
  size_t count = Count;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, values, nullptr, &data);
  return data;
}

napi_value libpcapVersion(napi_env env, napi_callback_info) {
  std::string error;
  const Libpcap* pcap = libpcap(&error);
  return pcap == nullptr ? throwError(env, error) : text(env, pcap->lib_version());
}

napi_value createMemory(napi_env env, napi_callback_info info) {
  napi_value values[1];
  arguments(env, info, values);
  int64_t bytes = 0;
  napi_get_value_int64(env, values[0], &bytes);
  const int fd = memfd_create("hellotap", MFD_CLOEXEC);
  if (fd < 0) return throwError(env, std::string("cannot share memory: ") + strerror(errno));
  void* memory = MAP_FAILED;
  if (ftruncate(fd, bytes) == 0)
    memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    const std::string reason = strerror(errno);
    close(fd);
    return throwError(env, "cannot share memory: " + reason);
  }
  napi_value result, buffer;
  napi_create_object(env, &result);
  const auto unmap = [](napi_env, void* data, void* hint) {
    munmap(data, reinterpret_cast<size_t>(hint));
  };
  const napi_status status = napi_create_external_arraybuffer(
      env, memory, bytes, unmap, reinterpret_cast<void*>(bytes), &buffer);
  if (status != napi_ok) return throwError(env, "this Node cannot use shared memory");
  napi_set_named_property(env, result, "fd", number(env, fd));
  napi_set_named_property(env, result, "buffer", buffer);
  return result;
}

napi_value createSocketPair(napi_env env, napi_callback_info) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    return throwError(env, std::string("cannot make a socket: ") + strerror(errno));
  napi_value result;
  napi_create_array_with_length(env, 2, &result);
  for (int i = 0; i < 2; i++) napi_set_element(env, result, i, number(env, fds[i]));
  return result;
}

napi_value offloads(napi_env env, napi_callback_info info) {
  napi_value values[1];
  arguments(env, info, values);
  Offloads found;
  std::string error;
  if (!readOffloads(textOf(env, values[0]), &found, &error)) return throwError(env, error);
  napi_value result;
  napi_create_object(env, &result);
  const auto set = [&](const char* name, int is) {
    napi_value value;
    if (is < 0) return;
    napi_get_boolean(env, is != 0, &value);
    napi_set_named_property(env, result, name, value);
  };
  set("gro", found.genericReceive);
  set("lro", found.largeReceive);
  set("tso", found.tcpSegmentation);
  set("gso", found.genericSegmentation);
  return result;
}

napi_value clockError(napi_env env, napi_callback_info) {
  double micros = 0;
  std::string error;
  return readClockError(&micros, &error) ? number(env, micros) : throwError(env, error);
}

napi_value notifyManager(napi_env env, napi_callback_info info) {
  napi_value values[2];
  arguments(env, info, values);
  std::string error;
  return notify(textOf(env, values[0]), textOf(env, values[1]), &error) ? nullptr : throwError(env, error);
}

napi_value lend(napi_env env, napi_callback_info info) {
  napi_value values[1];
  arguments(env, info, values);
  bool on = false;
  napi_get_value_bool(env, values[0], &on);
  std::string error;
  return lendCapture(on, &error) ? nullptr : throwError(env, error);
}

napi_value drop(napi_env env, napi_callback_info) {
  std::string error;
  return dropCapabilities(&error) ? nullptr : throwError(env, error);
}

napi_value connectSocket(napi_env env, napi_callback_info info) {
  napi_value values[1];
  arguments(env, info, values);
  std::string error;
  const int fd = connectTo(textOf(env, values[0]), &error);
  return fd < 0 ? throwError(env, error) : number(env, fd);
}

/** A capture as JavaScript holds it, until the program ends. */
struct Held {
  std::unique_ptr<Capture> capture;
  napi_threadsafe_function events = nullptr;
};

void callEvent(napi_env env, napi_value callback, void*, void* data) {
  static const char* const kNames[] = {"down", "failed", "stopped"};
  if (env == nullptr) return;
  napi_value undefined, name = text(env, kNames[reinterpret_cast<intptr_t>(data)]);
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, callback, 1, &name, nullptr);
}

napi_value counts(napi_env env, napi_callback_info info) {
  napi_value values[1];
  auto* held = static_cast<Held*>(arguments(env, info, values));
  const CaptureCounts now = held->capture->counts();
  napi_value result;
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "taken", number(env, now.taken));
  napi_set_named_property(env, result, "kernelDropped", number(env, now.kernelDropped));
  napi_set_named_property(env, result, "interfaceDropped", number(env, now.interfaceDropped));
  napi_set_named_property(env, result, "left", number(env, now.left));
  return result;
}

napi_value setFilter(napi_env env, napi_callback_info info) {
  napi_value values[1];
  auto* held = static_cast<Held*>(arguments(env, info, values));
  std::string error;
  if (!held->capture->setFilter(textOf(env, values[0]), &error)) return throwError(env, error);
  return nullptr;
}

napi_value readClassicFilter(napi_env env, napi_callback_info info) {
  napi_value values[1];
  auto* held = static_cast<Held*>(arguments(env, info, values));
  std::string program, error;
  if (!classicFilter(held->capture->fd(), &program, &error)) return throwError(env, error);
  napi_value result;
  napi_create_buffer_copy(env, program.size(), program.data(), nullptr, &result);
  return result;
}

napi_value attach(napi_env env, napi_callback_info info) {
  napi_value values[2];
  auto* held = static_cast<Held*>(arguments(env, info, values));
  void* program = nullptr;
  size_t bytes = 0;
  uint32_t entries = 0;
  std::string error;
  napi_get_buffer_info(env, values[0], &program, &bytes);
  napi_get_value_uint32(env, values[1], &entries);
  if (!attachProgram(held->capture->fd(), static_cast<uint8_t*>(program), bytes, entries, &error))
    return throwError(env, error);
  return nullptr;
}

napi_value stop(napi_env env, napi_callback_info info) {
  napi_value values[1];
  auto* held = static_cast<Held*>(arguments(env, info, values));
  int32_t millis = 0;
  napi_get_value_int32(env, values[0], &millis);
  held->capture->stop(millis);
  return nullptr;
}

napi_value failure(napi_env env, napi_callback_info info) {
  napi_value values[1];
  auto* held = static_cast<Held*>(arguments(env, info, values));
  return text(env, held->capture->failure());
}

napi_value openCapture(napi_env env, napi_callback_info info) {
  napi_value values[2];
  arguments(env, info, values);
  CaptureOptions options{};
  options.interface = textProperty(env, values[0], "interface");
  options.filter = textProperty(env, values[0], "filter");
  options.snaplen = intProperty(env, values[0], "snaplen");
  options.ringBytes = intProperty(env, values[0], "ringBytes");
  options.timeoutMillis = intProperty(env, values[0], "timeoutMillis");
  options.fanoutGroup = intProperty(env, values[0], "fanoutGroup");
  napi_get_value_bool(env, property(env, values[0], "immediate"), &options.immediate);
  options.memoryBytes = intProperty(env, values[0], "memoryBytes");
  options.peerFd = intProperty(env, values[0], "peerFd");
  void* memory = mmap(nullptr, options.memoryBytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                      intProperty(env, values[0], "memoryFd"), 0);
  if (memory == MAP_FAILED)
    return throwError(env, std::string("cannot share memory: ") + strerror(errno));
  options.memory = static_cast<uint8_t*>(memory);

  // the memory and the capture are the process's: one interface is captured by one child
  auto* held = new Held;
  held->capture = std::make_unique<Capture>(options);
  std::string error;
  if (!held->capture->open(&error)) {
    delete held;
    munmap(memory, options.memoryBytes);
    return throwError(env, error);
  }
  napi_create_threadsafe_function(env, values[1], nullptr, text(env, "hellotap"), 0, 1, nullptr,
                                  nullptr, nullptr, callEvent, &held->events);
  napi_add_env_cleanup_hook(
      env, [](void* data) { delete static_cast<Held*>(data); }, held);

  napi_value result;
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "datalink", number(env, held->capture->datalink()));
  method(env, result, "counts", counts, held);
  method(env, result, "setFilter", setFilter, held);
  method(env, result, "classicFilter", readClassicFilter, held);
  method(env, result, "attachProgram", attach, held);
  method(env, result, "stop", stop, held);
  method(env, result, "failure", failure, held);
  held->capture->start([held](CaptureEvent event) {
    napi_call_threadsafe_function(held->events,
                                  reinterpret_cast<void*>(static_cast<intptr_t>(event)),
                                  napi_tsfn_nonblocking);
  });
  return result;
}

}  // namespace

}  // namespace hellotap

NAPI_MODULE_INIT() {
  using namespace hellotap;
  method(env, exports, "libpcap", libpcapVersion, nullptr);
  method(env, exports, "createMemory", createMemory, nullptr);
  method(env, exports, "createSocketPair", createSocketPair, nullptr);
  method(env, exports, "offloads", offloads, nullptr);
  method(env, exports, "clockError", clockError, nullptr);
  method(env, exports, "notify", notifyManager, nullptr);
  method(env, exports, "lendCapture", lend, nullptr);
  method(env, exports, "dropCapabilities", drop, nullptr);
  method(env, exports, "connectTo", connectSocket, nullptr);
  method(env, exports, "openCapture", openCapture, nullptr);
  return exports;
}
