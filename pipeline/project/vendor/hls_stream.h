// Streams: FIFOs with one writer and one reader.
#pragma once
#include "ap_common.h"
#include <iostream>
#include <string>
namespace hls {
template <class T, int DEPTH = 0> class stream {
    T data;
    stream(const stream &) = delete;
    stream &operator=(const stream &) = delete;

  public:
    typedef T value_type;
    stream() {}
    stream(const char *) {}
    stream(const std::string &) {}
    T read();
    void read(T &);
    bool read_nb(T &);
    void write(const T &);
    bool write_nb(const T &);
    bool empty() const;
    bool full() const;
    unsigned size() const;
    unsigned capacity() const;
    void set_name(const char *);
    void operator>>(T &);
    void operator<<(const T &);
    T read_dep(volatile bool);
    void write_dep(const T &, volatile bool);
};
} // namespace hls
