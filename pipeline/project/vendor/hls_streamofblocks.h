// Streams of blocks: arrays that are handed over whole.
#pragma once
#include "hls_stream.h"
namespace hls {
template <class B, int DEPTH = 2> class stream_of_blocks {
  public:
    B data;
    stream_of_blocks() {}
    stream_of_blocks(const char *) {}
    bool empty() const;
    bool full() const;
};
template <class B, int D = 2> class read_lock {
    B &block;

  public:
    read_lock(stream_of_blocks<B, D> &s) : block(s.data) {}
    operator B &() { return block; }
};
template <class B, int D = 2> class write_lock {
    B &block;

  public:
    write_lock(stream_of_blocks<B, D> &s) : block(s.data) {}
    operator B &() { return block; }
};
#if __cplusplus >= 201703L
template <class B, int D> read_lock(stream_of_blocks<B, D> &) -> read_lock<B, D>;
template <class B, int D> write_lock(stream_of_blocks<B, D> &) -> write_lock<B, D>;
#endif
} // namespace hls
