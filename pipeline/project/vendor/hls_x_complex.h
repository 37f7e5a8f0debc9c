#pragma once
#include <complex>
#include "ap_common.h"
namespace hls {
template <class T> class x_complex {
    T re, im;

  public:
    x_complex() = default;
    x_complex(T r, T i = T(0)) : re(r), im(i) {}
    T &real() { return re; }
    T &imag() { return im; }
    T real() const { return re; }
    T imag() const { return im; }
    void real(T v) { re = v; }
    void imag(T v) { im = v; }
    x_complex &operator+=(const x_complex &);
    x_complex &operator-=(const x_complex &);
    x_complex &operator*=(const x_complex &);
    friend x_complex operator+(const x_complex &, const x_complex &);
    friend x_complex operator-(const x_complex &, const x_complex &);
    friend x_complex operator*(const x_complex &, const x_complex &);
    friend x_complex operator/(const x_complex &, const x_complex &);
};
template <class T> x_complex<T> x_conj(const x_complex<T> &);
} // namespace hls
