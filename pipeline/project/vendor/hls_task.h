// Tasks that run on their own, fed by streams.
#pragma once
#include "hls_stream.h"
#define hls_thread_local thread_local
namespace hls {
struct task {
    task();
    template <class F, class... A> task(F &&, A &&...);
    template <class F, class... A> void operator()(F &&, A &&...);
};
template <int N> struct tasks {
    template <class F, class... A> void operator()(F &&, A &&...);
};
} // namespace hls
