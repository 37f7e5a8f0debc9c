// A memory port whose bursts are asked for by hand.
#pragma once
#include "ap_common.h"
namespace hls {
template <class T> class burst_maxi {
  public:
    burst_maxi(T *);
    void read_request(size_t, size_t);
    T read();
    template <class V> V read();
    void write_request(size_t, size_t);
    void write(const T &);
    template <class V> void write(const V &);
    void write_response();
    template <class V> void read_request_unaligned(size_t, size_t);
    template <class V> void write_request_unaligned(size_t, size_t);
    template <class V> V read_unaligned();
    template <class V> void write_unaligned(const V &);
    void write(const T &, unsigned);
};
} // namespace hls
