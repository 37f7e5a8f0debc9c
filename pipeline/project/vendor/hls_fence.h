#pragma once
namespace hls {
template <class... A> void fence(A &&...);
} // namespace hls
