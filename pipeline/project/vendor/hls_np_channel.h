// Channels from one to several, and back.
#pragma once
#include "hls_stream.h"
#define hls_thread_local thread_local
namespace hls {
namespace split {
template <class T, int N, int DEPTH = 2, int N_DEPTH = 0> struct round_robin {
    stream<T> in;
    stream<T> out[N];
};
template <class T, int N, int DEPTH = 2, int N_DEPTH = 0> struct load_balance {
    stream<T> in;
    stream<T> out[N];
};
} // namespace split
namespace merge {
template <class T, int N, int DEPTH = 2, int N_DEPTH = 0> struct round_robin {
    stream<T> in[N];
    stream<T> out;
};
template <class T, int N, int DEPTH = 2, int N_DEPTH = 0> struct load_balance {
    stream<T> in[N];
    stream<T> out;
};
} // namespace merge
} // namespace hls
