// Floating-point numbers of any width.
#pragma once
#include "ap_common.h"
template <int W, int E> struct ap_float {
    unsigned _BitInt(W < 2 ? 2 : W) V;
    ap_float() = default;
    ap_float(double);
    template <int W2, int E2> ap_float(const ap_float<W2, E2> &);
    double to_double() const;
    float to_float() const;
    operator double() const;
    ap_float &operator+=(const ap_float &);
    ap_float &operator-=(const ap_float &);
    ap_float &operator*=(const ap_float &);
    ap_float &operator/=(const ap_float &);
    ap_float operator-() const;
    friend ap_float operator+(const ap_float &, const ap_float &);
    friend ap_float operator-(const ap_float &, const ap_float &);
    friend ap_float operator*(const ap_float &, const ap_float &);
    friend ap_float operator/(const ap_float &, const ap_float &);
    friend bool operator<(const ap_float &, const ap_float &);
    friend bool operator>(const ap_float &, const ap_float &);
    friend bool operator==(const ap_float &, const ap_float &);
};
template <class T, class A> struct ap_float_acc {
    ap_float_acc() {}
    void acc(const T &);
    void acc(const T &, bool);
    T accumulate(const T &, bool);
    T get() const;
    void reset();
    ap_float_acc &operator+=(const T &);
};
