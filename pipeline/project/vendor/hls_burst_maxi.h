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
    void write(const T &, unsigned);
};
} // namespace hls
