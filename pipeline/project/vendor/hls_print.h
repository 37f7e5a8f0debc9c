#pragma once
namespace hls {
void print(const char *);
template <class T> void print(const char *, T);
} // namespace hls
