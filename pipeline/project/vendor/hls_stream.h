// Streams: FIFOs with one writer and one reader.
#pragma once
#include "ap_common.h"
#include <sstream>
#include <iostream>
#include <string>
namespace hls {
template <class T, int DEPTH = 0> class stream;
template <class T> class stream<T, 0> {
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
template <class T, int DEPTH> class stream : public stream<T, 0> {
  public:
    stream() {}
    stream(const char *s) : stream<T, 0>(s) {}
    stream(const std::string &s) : stream<T, 0>(s) {}
};
} // namespace hls
