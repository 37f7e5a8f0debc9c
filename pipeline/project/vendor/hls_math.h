// Mathematics for numbers of every kind.
#pragma once
#include "ap_common.h"
#include "hls_half.h"
#include <cmath>
namespace hls {
namespace math_detail {
template <class T> using number = std::enable_if_t<ap_detail::is<T>, int>;
template <class T, bool Int = std::is_integral<T>::value> struct result { typedef T type; };
template <class T> struct result<T, true> { typedef double type; };
} // namespace math_detail
#define HLS_MATH_1(NAME)                                                                                               \
    template <class T, math_detail::number<T> = 0> typename math_detail::result<T>::type NAME(T);
#define HLS_MATH_2(NAME)                                                                                               \
    template <class T, class U, math_detail::number<T> = 0, math_detail::number<U> = 0>                                \
    typename math_detail::result<T>::type NAME(T, U);
HLS_MATH_1(sqrt) HLS_MATH_1(rsqrt) HLS_MATH_1(recip) HLS_MATH_1(cbrt) HLS_MATH_1(exp) HLS_MATH_1(exp2)
HLS_MATH_1(exp10) HLS_MATH_1(expm1) HLS_MATH_1(log) HLS_MATH_1(log2) HLS_MATH_1(log10) HLS_MATH_1(log1p)
HLS_MATH_1(sin) HLS_MATH_1(cos) HLS_MATH_1(tan) HLS_MATH_1(asin) HLS_MATH_1(acos) HLS_MATH_1(atan)
HLS_MATH_1(sinh) HLS_MATH_1(cosh) HLS_MATH_1(tanh) HLS_MATH_1(asinh) HLS_MATH_1(acosh) HLS_MATH_1(atanh)
HLS_MATH_1(sinpi) HLS_MATH_1(cospi) HLS_MATH_1(tanpi) HLS_MATH_1(floor) HLS_MATH_1(ceil) HLS_MATH_1(round)
HLS_MATH_1(rint) HLS_MATH_1(nearbyint) HLS_MATH_1(trunc) HLS_MATH_1(fabs) HLS_MATH_1(erf) HLS_MATH_1(erfc)
HLS_MATH_1(half_sqrt) HLS_MATH_1(sqrtf) HLS_MATH_1(expf) HLS_MATH_1(logf) HLS_MATH_1(sinf) HLS_MATH_1(cosf)
HLS_MATH_1(tanf) HLS_MATH_1(fabsf) HLS_MATH_1(floorf) HLS_MATH_1(ceilf) HLS_MATH_1(tanhf) HLS_MATH_1(roundf)
HLS_MATH_1(rsqrtf) HLS_MATH_1(recipf) HLS_MATH_1(lgamma) HLS_MATH_1(tgamma) HLS_MATH_1(logb) HLS_MATH_1(asinf)
HLS_MATH_1(acosf) HLS_MATH_1(atanf)
HLS_MATH_2(pow) HLS_MATH_2(powf) HLS_MATH_2(pown) HLS_MATH_2(powr) HLS_MATH_2(rootn) HLS_MATH_2(atan2)
HLS_MATH_2(atan2f) HLS_MATH_2(fmod) HLS_MATH_2(hypot) HLS_MATH_2(fmin) HLS_MATH_2(fmax) HLS_MATH_2(fminf)
HLS_MATH_2(fmaxf) HLS_MATH_2(fdim) HLS_MATH_2(remainder) HLS_MATH_2(copysign) HLS_MATH_2(nextafter) HLS_MATH_2(ldexp)
HLS_MATH_2(divide) HLS_MATH_2(maxmag) HLS_MATH_2(minmag)
// Of fixed-point numbers width and integer bits can be named: hls::pow<32, 16>(x, y).
#define HLS_MATH_WIDE(NAME)                                                                                            \
    template <int W, int I> ap_fixed<W, I> NAME(ap_fixed<W, I>);                                                       \
    template <int W, int I> ap_ufixed<W, I> NAME(ap_ufixed<W, I>);
#define HLS_MATH_WIDE_2(NAME)                                                                                          \
    template <int W, int I> ap_fixed<W, I> NAME(ap_fixed<W, I>, ap_fixed<W, I>);                                       \
    template <int W, int I> ap_ufixed<W, I> NAME(ap_ufixed<W, I>, ap_ufixed<W, I>);
HLS_MATH_WIDE(sqrt) HLS_MATH_WIDE(rsqrt) HLS_MATH_WIDE(recip) HLS_MATH_WIDE(cbrt) HLS_MATH_WIDE(exp) HLS_MATH_WIDE(log)
HLS_MATH_WIDE(exp2) HLS_MATH_WIDE(log2) HLS_MATH_WIDE(log10) HLS_MATH_WIDE(sin) HLS_MATH_WIDE(cos) HLS_MATH_WIDE(tan)
HLS_MATH_WIDE(asin) HLS_MATH_WIDE(acos) HLS_MATH_WIDE(atan) HLS_MATH_WIDE(sinh) HLS_MATH_WIDE(cosh) HLS_MATH_WIDE(tanh)
HLS_MATH_WIDE(floor) HLS_MATH_WIDE(ceil) HLS_MATH_WIDE(round) HLS_MATH_WIDE(fabs) HLS_MATH_WIDE_2(pow)
HLS_MATH_WIDE_2(atan2) HLS_MATH_WIDE_2(fmod) HLS_MATH_WIDE_2(divide)
template <class T, math_detail::number<T> = 0> T abs(T);
template <class T, math_detail::number<T> = 0> T max(T, T);
template <class T, math_detail::number<T> = 0> T min(T, T);
template <class T, class U, std::enable_if_t<ap_detail::is<T> && !std::is_same<T, U>::value, int> = 0>
std::common_type_t<T, U> max(T, U);
template <class T, class U, std::enable_if_t<ap_detail::is<T> && !std::is_same<T, U>::value, int> = 0>
std::common_type_t<T, U> min(T, U);
template <class T> T mad(T, T, T);
template <class T> T fma(T, T, T);
template <class T> bool isnan(T);
template <class T> bool isinf(T);
template <class T> bool isfinite(T);
template <class T> bool isnormal(T);
template <class T> bool signbit(T);
template <class T> int ilogb(T);
template <class T> int lround(T);
template <class T> int lrint(T);
template <class T, class U> void sincos(T, U *, U *);
template <class T, class U> void sincospi(T, U *, U *);
template <class T> T modf(T, T *);
template <class T> T frexp(T, int *);
#undef HLS_MATH_1
#undef HLS_MATH_2
#undef HLS_MATH_WIDE
#undef HLS_MATH_WIDE_2
} // namespace hls
half sqrt(half);
half fabs(half);
half exp(half);
half log(half);
