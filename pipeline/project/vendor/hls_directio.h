// Ports that are read and written without a protocol of blocks.
#pragma once
#include "ap_common.h"
namespace hls {
template <class T> class ap_port {
  public:
    T read();
    void write(const T &);
    bool read_nb(T &);
    bool write_nb(const T &);
    bool valid() const;
    operator T();
    ap_port &operator=(const T &);
};
template <class T> using ap_hs = ap_port<T>;
template <class T> using ap_vld = ap_port<T>;
template <class T> using ap_ack = ap_port<T>;
template <class T> using ap_none = ap_port<T>;
} // namespace hls
template <class T> using ap_hs = hls::ap_port<T>;
template <class T> using ap_vld = hls::ap_port<T>;
template <class T> using ap_ack = hls::ap_port<T>;
template <class T> using ap_none = hls::ap_port<T>;
