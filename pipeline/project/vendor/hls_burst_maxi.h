// A memory port whose bursts are asked for by hand.
#pragma once
#include "ap_common.h"
namespace hls {
template <class T> class burst_maxi {
  public:
    burst_maxi(T *);
    void read_request(size_t, size_t);
    T read();
    void write_request(size_t, size_t);
    void write(const T &);
    void write_response();
    void read_request_unaligned_size(size_t, size_t);
    void read_request_unaligned(size_t, size_t);
    void write_request_unaligned(size_t, size_t);
    T read_unaligned();
    void write_unaligned(const T &);
    void write(const T &, unsigned);
};
} // namespace hls
