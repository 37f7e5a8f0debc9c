// Elements of a partitioned array that lie in different banks, asked for together.
#pragma once
#include "hls_vector.h"
namespace hls {
template <class T, size_t N> vector<T, N> gather(const T *, const size_t (&)[N]);
template <class T, size_t N> void scatter(T *, const size_t (&)[N], const vector<T, N> &);
} // namespace hls
