// Integers and fixed-point numbers of any width, as far as a front end must know them: widths, operators, conversions.
// The widths of results are those that UG1399 ("Arbitrary Precision Data Types Library") states.
#pragma once
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iosfwd>
#include <sys/types.h> // uint, as the vendor's headers bring it
#include <type_traits>

enum ap_q_mode { AP_RND, AP_RND_ZERO, AP_RND_MIN_INF, AP_RND_INF, AP_RND_CONV, AP_TRN, AP_TRN_ZERO };
enum ap_o_mode { AP_SAT, AP_SAT_ZERO, AP_SAT_SYM, AP_WRAP, AP_WRAP_SM };
#define SC_RND AP_RND
#define SC_RND_ZERO AP_RND_ZERO
#define SC_RND_MIN_INF AP_RND_MIN_INF
#define SC_RND_INF AP_RND_INF
#define SC_RND_CONV AP_RND_CONV
#define SC_TRN AP_TRN
#define SC_TRN_ZERO AP_TRN_ZERO
#define SC_SAT AP_SAT
#define SC_SAT_ZERO AP_SAT_ZERO
#define SC_SAT_SYM AP_SAT_SYM
#define SC_WRAP AP_WRAP
#define SC_WRAP_SM AP_WRAP_SM
#define AP_MAX(a, b) ((a) > (b) ? (a) : (b))
#define AP_MIN(a, b) ((a) > (b) ? (b) : (a))
#define AP_ABS(a) ((a) >= 0 ? (a) : -(a))
#define AP_INLINE inline __attribute__((always_inline))

enum BaseMode { AP_BIN = 2, AP_OCT = 8, AP_DEC = 10, AP_HEX = 16 };
typedef long long ap_slong;
typedef unsigned long long ap_ulong;

// Clocks that are waited for, as synthesis knows them by itself.
void ap_wait();
void ap_wait_n(int);
void ap_wait_until(bool);

template <int W, bool S> struct ap_int_base;
template <int W> struct ap_int;
template <int W> struct ap_uint;
template <int W, int I, bool S, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0> struct ap_fixed_base;
template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0> struct ap_fixed;
template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0> struct ap_ufixed;
template <int W, bool S> struct ap_bit_ref;
template <int W, bool S> struct ap_range_ref;
template <int W> struct ap_concat_ref;
typedef _Float16 half;

namespace ap_detail {
constexpr int most(int a, int b) { return a > b ? a : b; }
constexpr int least(int a, int b) { return a < b ? a : b; }
constexpr double power_of_two(int n) { return n == 0 ? 1 : n > 0 ? 2 * power_of_two(n - 1) : power_of_two(n + 1) / 2; }

template <int W, bool S> struct storage { typedef _BitInt(W) type; };
template <int W> struct storage<W, false> { typedef unsigned _BitInt(W) type; };
template <> struct storage<1, true> { typedef _BitInt(2) type; };

template <int W, bool S, bool Big = (W > 64)> struct plain { typedef long long type; };
template <int W, bool S> struct plain<W, S, false> {
    typedef std::conditional_t<(W <= 8), std::conditional_t<S, signed char, unsigned char>,
            std::conditional_t<(W <= 16), std::conditional_t<S, short, unsigned short>,
            std::conditional_t<(W <= 32), std::conditional_t<S, int, unsigned int>,
                               std::conditional_t<S, long long, unsigned long long>>>> type;
};
template <bool S> struct plain<1, S, false> { typedef bool type; };

// What an operand is: width, width before the point, sign; `is` for any operand, `ap` for the types of this file.
template <class T, class = void> struct of { enum { is = 0, ap = 0, fixed = 0, real = 0, w = 1, i = 1, s = 0 }; };
template <class T> struct of<T, std::enable_if_t<std::is_integral<T>::value>> {
    enum { is = 1, ap = 0, fixed = 0, real = 0, w = std::is_same<T, bool>::value ? 1 : int(sizeof(T)) * 8, i = w,
           s = std::is_signed<T>::value };
};
template <class T> struct of<T, std::enable_if_t<std::is_enum<T>::value && std::is_convertible<T, int>::value>> {
    enum { is = 1, ap = 0, fixed = 0, real = 0, w = 32, i = 32, s = 1 };
};
template <class T> struct of<T, std::enable_if_t<std::is_floating_point<T>::value || std::is_same<T, half>::value>> {
    enum { is = 1, ap = 0, fixed = 0, real = 1, w = 64, i = 64, s = 1 };
};
template <int W, bool S> struct int_like { enum { is = 1, ap = 1, fixed = 0, real = 0, w = W, i = W, s = S }; };
template <int W, int I, bool S> struct fixed_like { enum { is = 1, ap = 1, fixed = 1, real = 0, w = W, i = I, s = S }; };
template <int W, bool S> struct of<ap_int_base<W, S>> : int_like<W, S> {};
template <int W> struct of<ap_int<W>> : int_like<W, true> {};
template <int W> struct of<ap_uint<W>> : int_like<W, false> {};
template <int W, bool S> struct of<ap_bit_ref<W, S>> : int_like<1, false> {};
template <int W, bool S> struct of<ap_range_ref<W, S>> : int_like<W, false> {};
template <int W> struct of<ap_concat_ref<W>> : int_like<W, false> {};
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
struct of<ap_fixed_base<W, I, S, Q, O, N>> : fixed_like<W, I, S> {};
template <class T> struct of<volatile T, std::enable_if_t<std::is_class<T>::value>> : of<T> {};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> struct of<ap_fixed<W, I, Q, O, N>> : fixed_like<W, I, true> {};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct of<ap_ufixed<W, I, Q, O, N>> : fixed_like<W, I, false> {};

template <class A> using bare = std::remove_cv_t<std::remove_reference_t<A>>;
template <class A> constexpr bool is = of<bare<A>>::is;
template <class A> constexpr bool ap = of<bare<A>>::ap;

template <class A, class B> struct pair {
    typedef of<bare<A>> a;
    typedef of<bare<B>> b;
    enum {
        any = a::is && b::is && (a::ap || b::ap),
        fixed = a::fixed || b::fixed,
        real = a::real || b::real,
        s = a::s || b::s,
        ia = a::i + (b::s && !a::s),
        ib = b::i + (a::s && !b::s),
        fa = a::w - a::i,
        fb = b::w - b::i,
        f = fa > fb ? fa : fb,
        i = ia > ib ? ia : ib,
    };
};
template <int W, int I, bool S, bool Fixed> struct number { typedef ap_int_base<W, S> type; };
template <int W, int I, bool S> struct number<W, I, S, true> { typedef ap_fixed_base<W, I, S> type; };
template <class A, class B, int W, int I, bool S> struct result {
    typedef typename number<W, I, S, pair<A, B>::fixed>::type type;
};
template <class A, class B, bool Any = pair<A, B>::any, bool Real = pair<A, B>::real> struct kinds {};
template <class A, class B> struct kinds<A, B, true, true> {
    typedef std::conditional_t<of<bare<A>>::real, bare<A>, bare<B>> plus, minus, times, over, rest;
};
template <class A, class B> struct kinds<A, B, true, false> {
    typedef pair<A, B> p;
    typedef typename p::a a;
    typedef typename p::b b;
    typedef typename result<A, B, p::i + p::f + 1, p::i + 1, p::s>::type plus;
    typedef typename result<A, B, p::i + p::f + 1, p::i + 1, true>::type minus;
    typedef typename result<A, B, int(a::w) + int(b::w), int(a::i) + int(b::i), p::s>::type times;
    typedef typename result<A, B, int(a::w) + most(p::fb, 0) + b::s, int(a::i) + p::fb + b::s, p::s>::type over;
    typedef typename result<A, B, least(a::w, int(b::w) + (!b::s && a::s)), a::i, a::s>::type rest;
    typedef typename result<A, B, p::i + p::f, p::i, p::s>::type bits;
};
template <class A, class B> using when = std::enable_if_t<pair<A, B>::any, int>;
template <class A> using when_ap = std::enable_if_t<ap<A>, int>;

// The value of an operand as a plain number.
template <class T, std::enable_if_t<!ap<T>, int> = 0> AP_INLINE T raw(const T &v) { return v; }
template <class T, std::enable_if_t<ap<T>, int> = 0> AP_INLINE auto raw(const T &v) { return v.get(); }
template <class R, class T> AP_INLINE R to(const T &v) {
    R r;
    r = v;
    return r;
}
} // namespace ap_detail

template <int W, bool S> struct ap_bit_ref {
    ap_int_base<W, S> &value;
    int index;
    AP_INLINE ap_bit_ref(ap_int_base<W, S> &v, int i) : value(v), index(i) {}
    AP_INLINE bool get() const { return bool((value.V >> index) & 1); }
    AP_INLINE operator bool() const { return get(); }
    AP_INLINE bool to_bool() const { return get(); }
    AP_INLINE bool operator~() const { return !get(); }
    AP_INLINE ap_bit_ref &operator=(bool v) {
        typedef typename ap_int_base<W, S>::raw raw;
        value.V = (value.V & ~(raw(1) << index)) | (raw(v) << index);
        return *this;
    }
    AP_INLINE ap_bit_ref &operator=(const ap_bit_ref &v) { return *this = v.get(); }
    template <class T, ap_detail::when_ap<T> = 0> AP_INLINE ap_bit_ref &operator=(const T &v) {
        return *this = bool(ap_detail::raw(v));
    }
    template <class T> AP_INLINE ap_bit_ref &operator^=(const T &v) { return *this = get() != (bool)v; }
    template <class T> AP_INLINE ap_bit_ref &operator&=(const T &v) { return *this = get() && (bool)v; }
    template <class T> AP_INLINE ap_bit_ref &operator|=(const T &v) { return *this = get() || (bool)v; }
};

template <int W, bool S> struct ap_range_ref {
    ap_int_base<W, S> &value;
    int high, low;
    typedef unsigned _BitInt(W) raw;
    AP_INLINE ap_range_ref(ap_int_base<W, S> &v, int h, int l) : value(v), high(h), low(l) {}
    AP_INLINE raw get() const { return (raw(value.V) >> low) & (raw(~raw(0)) >> (W - 1 - high + low)); }
    AP_INLINE operator typename ap_detail::plain<W, false>::type() const {
        return (typename ap_detail::plain<W, false>::type)get();
    }
    AP_INLINE void set(raw v) {
        typedef typename ap_int_base<W, S>::raw whole;
        raw mask = (raw(~raw(0)) >> (W - 1 - high + low)) << low;
        value.V = whole((raw(value.V) & ~mask) | ((v << low) & mask));
    }
    template <class T> AP_INLINE ap_range_ref &operator=(const T &v) {
        set(raw(ap_detail::raw(v)));
        return *this;
    }
    AP_INLINE ap_range_ref &operator=(const ap_range_ref &v) {
        set(v.get());
        return *this;
    }
#define AP_RANGE_UPDATE(OP)                                                                                            \
    template <class T> AP_INLINE ap_range_ref &operator OP##=(const T &v) {                                            \
        return *this = raw(get() OP (raw)ap_detail::raw(v));                                                           \
    }
    AP_RANGE_UPDATE(+)
    AP_RANGE_UPDATE(-)
    AP_RANGE_UPDATE(*)
    AP_RANGE_UPDATE(/)
    AP_RANGE_UPDATE(%)
    AP_RANGE_UPDATE(&)
    AP_RANGE_UPDATE(|)
    AP_RANGE_UPDATE(^)
    AP_RANGE_UPDATE(<<)
    AP_RANGE_UPDATE(>>)
#undef AP_RANGE_UPDATE
    AP_INLINE int to_int() const { return int(get()); }
    AP_INLINE unsigned to_uint() const { return unsigned(get()); }
    AP_INLINE long long to_int64() const { return (long long)get(); }
    AP_INLINE unsigned long long to_uint64() const { return (unsigned long long)get(); }
    AP_INLINE double to_double() const { return double(get()); }
    AP_INLINE int length() const { return high - low + 1; }
    AP_INLINE bool and_reduce() const { return get() == raw(~raw(0)) >> (W - 1 - high + low); }
    AP_INLINE bool or_reduce() const { return get() != 0; }
    AP_INLINE bool xor_reduce() const;
};

template <int W> struct ap_concat_ref {
    unsigned _BitInt(W) V;
    AP_INLINE unsigned _BitInt(W) get() const { return V; }
    AP_INLINE operator typename ap_detail::plain<W, false>::type() const {
        return (typename ap_detail::plain<W, false>::type)V;
    }
    template <class T> ap_concat_ref &operator=(const T &);
};

template <int W, bool S> struct ap_int_base {
    typedef typename ap_detail::storage<W, S>::type raw;
    typedef typename ap_detail::plain<W, S>::type RetType;
    enum { width = W, iwidth = W, sign_flag = S };
    raw V;
    AP_INLINE ap_int_base() = default;
    template <class T, std::enable_if_t<ap_detail::is<T>, int> = 0> AP_INLINE ap_int_base(const T &v)
        : V((raw)ap_detail::raw(v)) {}
    ap_int_base(const char *, int = 10);
    template <class T, std::enable_if_t<ap_detail::is<T>, int> = 0> AP_INLINE ap_int_base &operator=(const T &v) {
        V = (raw)ap_detail::raw(v);
        return *this;
    }
    ap_int_base &operator=(const char *);
    template <class T> AP_INLINE void operator=(const T &v) volatile { V = (raw)ap_detail::raw(v); }
    AP_INLINE raw get() const { return V; }
    AP_INLINE raw get() const volatile { return V; }
    // One for all: with two, each operator took half as long again to choose.
    AP_INLINE operator RetType() const volatile { return (RetType)V; }
    AP_INLINE bool to_bool() const { return V != 0; }
    AP_INLINE char to_char() const { return char(V); }
    AP_INLINE unsigned char to_uchar() const { return (unsigned char)V; }
    AP_INLINE short to_short() const { return short(V); }
    AP_INLINE unsigned short to_ushort() const { return (unsigned short)V; }
    AP_INLINE int to_int() const { return int(V); }
    AP_INLINE unsigned to_uint() const { return unsigned(V); }
    AP_INLINE long to_long() const { return long(V); }
    AP_INLINE unsigned long to_ulong() const { return (unsigned long)V; }
    AP_INLINE long long to_int64() const { return (long long)V; }
    AP_INLINE unsigned long long to_uint64() const { return (unsigned long long)V; }
    AP_INLINE float to_float() const { return float(V); }
    AP_INLINE double to_double() const { return double(V); }
    AP_INLINE int length() const { return W; }
    AP_INLINE bool is_zero() const { return V == 0; }
    AP_INLINE bool iszero() const { return V == 0; }
    AP_INLINE bool is_neg() const { return V < 0; }
    AP_INLINE bool sign() const { return V < 0; }
    AP_INLINE ap_bit_ref<W, S> operator[](int i) { return ap_bit_ref<W, S>(*this, i); }
    AP_INLINE bool operator[](int i) const { return bool((V >> i) & 1); }
    AP_INLINE ap_bit_ref<W, S> bit(int i) { return ap_bit_ref<W, S>(*this, i); }
    AP_INLINE bool bit(int i) const { return bool((V >> i) & 1); }
    AP_INLINE ap_bit_ref<W, S> at(int i) { return ap_bit_ref<W, S>(*this, i); }
    AP_INLINE bool test(int i) const { return bool((V >> i) & 1); }
    AP_INLINE bool get_bit(int i) const { return bool((V >> i) & 1); }
    AP_INLINE void set_bit(int i, bool v) { (*this)[i] = v; }
    AP_INLINE void set(int i) { (*this)[i] = true; }
    AP_INLINE void set(int i, bool v) { (*this)[i] = v; }
    AP_INLINE void set() { V = (raw)~(raw)0; }
    AP_INLINE void clear(int i) { (*this)[i] = false; }
    AP_INLINE void clear() { V = 0; }
    AP_INLINE void invert(int i) { (*this)[i] = !test(i); }
    AP_INLINE ap_range_ref<W, S> range(int h, int l) const {
        return ap_range_ref<W, S>(const_cast<ap_int_base &>(*this), h, l);
    }
    AP_INLINE ap_range_ref<W, S> range() const { return range(W - 1, 0); }
    AP_INLINE ap_range_ref<W, S> operator()(int h, int l) const { return range(h, l); }
    AP_INLINE ap_range_ref<W, S> slice(int h, int l) const { return range(h, l); }
    template <class T> AP_INLINE auto concat(const T &v) const { return (*this, v); }
    AP_INLINE bool and_reduce() const { return V == (raw)~(raw)0; }
    AP_INLINE bool nand_reduce() const { return !and_reduce(); }
    AP_INLINE bool or_reduce() const { return V != 0; }
    AP_INLINE bool nor_reduce() const { return V == 0; }
    bool xor_reduce() const;
    bool xnor_reduce() const;
    int countLeadingZeros() const;
    void reverse();
    void lrotate(int);
    void rrotate(int);
    char *to_string(int = 2, bool = false) const;
    AP_INLINE ap_int_base &operator++() {
        V = (raw)(V + (raw)1);
        return *this;
    }
    AP_INLINE ap_int_base &operator--() {
        V = (raw)(V - (raw)1);
        return *this;
    }
    AP_INLINE ap_int_base operator++(int) {
        ap_int_base old = *this;
        V = (raw)(V + (raw)1);
        return old;
    }
    AP_INLINE ap_int_base operator--(int) {
        ap_int_base old = *this;
        V = (raw)(V - (raw)1);
        return old;
    }
    AP_INLINE ap_int_base<W + 1, true> operator-() const {
        typedef typename ap_int_base<W + 1, true>::raw wide;
        ap_int_base<W + 1, true> r;
        r.V = (wide)-(wide)V;
        return r;
    }
    AP_INLINE ap_int_base operator+() const { return *this; }
    AP_INLINE ap_int_base operator~() const {
        ap_int_base r;
        r.V = (raw)~V;
        return r;
    }
    AP_INLINE bool operator!() const { return V == 0; }
#define AP_INT_UPDATE(OP)                                                                                              \
    template <class T, std::enable_if_t<ap_detail::is<T>, int> = 0> AP_INLINE ap_int_base &operator OP##=(const T &v) { \
        return *this = *this OP v;                                                                                     \
    }
    AP_INT_UPDATE(+)
    AP_INT_UPDATE(-)
    AP_INT_UPDATE(*)
    AP_INT_UPDATE(/)
    AP_INT_UPDATE(%)
    AP_INT_UPDATE(&)
    AP_INT_UPDATE(|)
    AP_INT_UPDATE(^)
    AP_INT_UPDATE(<<)
    AP_INT_UPDATE(>>)
#undef AP_INT_UPDATE
};

#define AP_INT_TYPE(NAME, SIGNED)                                                                                      \
    template <int W> struct NAME : ap_int_base<W, SIGNED> {                                                            \
        typedef ap_int_base<W, SIGNED> Base;                                                                           \
        AP_INLINE NAME() = default;                                                                                    \
        AP_INLINE NAME(const NAME &) = default;                                                                        \
        AP_INLINE NAME &operator=(const NAME &) = default;                                                             \
        template <class T> AP_INLINE void operator=(const T &v) volatile { Base::operator=(v); }                        \
        AP_INLINE void operator=(const NAME &v) volatile { Base::operator=(v); }                                        \
        template <class T, std::enable_if_t<ap_detail::is<T>, int> = 0> AP_INLINE NAME(const T &v) : Base(v) {}        \
        NAME(const char *s, int radix = 10) : Base(s, radix) {}                                                        \
        template <class T, std::enable_if_t<ap_detail::is<T>, int> = 0> AP_INLINE NAME &operator=(const T &v) {        \
            Base::operator=(v);                                                                                        \
            return *this;                                                                                              \
        }                                                                                                              \
    };
AP_INT_TYPE(ap_int, true)
AP_INT_TYPE(ap_uint, false)

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N> struct ap_fixed_base {
    typedef typename ap_detail::storage<W, S>::type raw;
    enum { width = W, iwidth = I, fwidth = W - I, sign_flag = S };
    raw V;
    AP_INLINE ap_fixed_base() = default;
    template <class T, std::enable_if_t<ap_detail::is<T>, int> = 0> AP_INLINE ap_fixed_base(const T &v) { take(v); }
    ap_fixed_base(const char *, int = 10);
    template <class T, std::enable_if_t<ap_detail::is<T>, int> = 0> AP_INLINE ap_fixed_base &operator=(const T &v) {
        take(v);
        return *this;
    }
    template <class T> AP_INLINE void take(const T &v) {
        typedef ap_detail::of<T> k;
        if constexpr (k::real) {
            double d = double(v) * factor;
            V = (raw)(long long)(d < (long long)d ? (long long)d - 1 : (long long)d);
        } else {
            constexpr int from = k::w - k::i, to = W - I;
            typedef typename ap_detail::storage<(W + int(k::w) + (to > from ? to - from : from - to) + 1), true>::type wide;
            wide r = (wide)ap_detail::raw(v);
            if constexpr (to >= from)
                r = r << (to - from);
            else
                r = r >> (from - to);
            V = (raw)r;
        }
    }
    static constexpr double factor = ap_detail::power_of_two(W - I);
    template <class T> AP_INLINE void operator=(const T &v) volatile { V = ap_fixed_base(v).V; }
    AP_INLINE raw get() const { return V; }
    AP_INLINE raw get() const volatile { return V; }
    AP_INLINE double to_double() const { return double(V) / factor; }
    AP_INLINE float to_float() const { return float(to_double()); }
    half to_half() const;
    AP_INLINE int to_int() const { return int(to_double()); }
    AP_INLINE unsigned to_uint() const { return unsigned(to_double()); }
    AP_INLINE long long to_int64() const { return (long long)to_double(); }
    AP_INLINE unsigned long long to_uint64() const { return (unsigned long long)to_double(); }
    AP_INLINE long to_long() const { return (long)to_double(); }
    AP_INLINE unsigned long to_ulong() const { return (unsigned long)to_double(); }
    AP_INLINE short to_short() const { return (short)to_double(); }
    AP_INLINE char to_char() const { return (char)to_double(); }
    AP_INLINE bool to_bool() const { return V != 0; }
    AP_INLINE ap_int_base<(I > 0 ? I : 1), S> to_ap_int_base() const { return to_int64(); }
    // One for all: with thirteen, each operator looked at every one of them for every type that numbers have.
    template <class T, std::enable_if_t<(std::is_integral<T>::value || std::is_same<T, float>::value), int> = 0>
    AP_INLINE explicit operator T() const { return (T)to_double(); }
    AP_INLINE operator double() const { return to_double(); }
    AP_INLINE int length() const { return W; }
    AP_INLINE bool is_zero() const { return V == 0; }
    AP_INLINE bool is_neg() const { return V < 0; }
    AP_INLINE ap_bit_ref<W, S> operator[](int i) { return ap_bit_ref<W, S>(bits(), i); }
    AP_INLINE bool operator[](int i) const { return bool((V >> i) & 1); }
    AP_INLINE ap_range_ref<W, S> range(int h, int l) const { return ap_range_ref<W, S>(bits(), h, l); }
    AP_INLINE ap_range_ref<W, S> range() const { return range(W - 1, 0); }
    AP_INLINE ap_range_ref<W, S> operator()(int h, int l) const { return range(h, l); }
    AP_INLINE ap_int_base<W, S> &bits() const { return *(ap_int_base<W, S> *)const_cast<ap_fixed_base *>(this); }
    AP_INLINE ap_fixed_base &operator++() { return *this += 1; }
    AP_INLINE ap_fixed_base &operator--() { return *this -= 1; }
    AP_INLINE ap_fixed_base operator++(int) {
        ap_fixed_base old = *this;
        *this += 1;
        return old;
    }
    AP_INLINE ap_fixed_base operator--(int) {
        ap_fixed_base old = *this;
        *this -= 1;
        return old;
    }
    AP_INLINE ap_fixed_base<W + 1, I + 1, true> operator-() const {
        ap_fixed_base<W + 1, I + 1, true> r;
        typedef typename ap_fixed_base<W + 1, I + 1, true>::raw wide;
        r.V = (wide)-(wide)V;
        return r;
    }
    AP_INLINE ap_fixed_base operator+() const { return *this; }
    AP_INLINE ap_fixed_base operator~() const {
        ap_fixed_base r;
        r.V = (raw)~V;
        return r;
    }
    AP_INLINE bool operator!() const { return V == 0; }
#define AP_FIXED_UPDATE(OP)                                                                                            \
    template <class T, std::enable_if_t<ap_detail::is<T>, int> = 0> AP_INLINE ap_fixed_base &operator OP##=(const T &v) { \
        return *this = *this OP v;                                                                                     \
    }
    AP_FIXED_UPDATE(+)
    AP_FIXED_UPDATE(-)
    AP_FIXED_UPDATE(*)
    AP_FIXED_UPDATE(/)
    AP_FIXED_UPDATE(&)
    AP_FIXED_UPDATE(|)
    AP_FIXED_UPDATE(^)
    AP_FIXED_UPDATE(<<)
    AP_FIXED_UPDATE(>>)
#undef AP_FIXED_UPDATE
};

#define AP_FIXED_TYPE(NAME, SIGNED)                                                                                    \
    template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> struct NAME : ap_fixed_base<W, I, SIGNED, Q, O, N> {      \
        typedef ap_fixed_base<W, I, SIGNED, Q, O, N> Base;                                                             \
        AP_INLINE NAME() = default;                                                                                    \
        AP_INLINE NAME(const NAME &) = default;                                                                        \
        AP_INLINE NAME &operator=(const NAME &) = default;                                                             \
        template <class T> AP_INLINE void operator=(const T &v) volatile { Base::operator=(v); }                        \
        AP_INLINE void operator=(const NAME &v) volatile { Base::operator=(v); }                                        \
        template <class T, std::enable_if_t<ap_detail::is<T>, int> = 0> AP_INLINE NAME(const T &v) : Base(v) {}        \
        NAME(const char *s, int radix = 10) : Base(s, radix) {}                                                        \
        template <class T, std::enable_if_t<ap_detail::is<T>, int> = 0> AP_INLINE NAME &operator=(const T &v) {        \
            Base::operator=(v);                                                                                        \
            return *this;                                                                                              \
        }                                                                                                              \
    };
AP_FIXED_TYPE(ap_fixed, true)
AP_FIXED_TYPE(ap_ufixed, false)

namespace ap_detail {
// A number of type R from a computation on two operands, done in R's own raw form.
template <class R, class A> AP_INLINE typename R::raw raw_in(const A &v) { return R(v).V; }
template <class R, class A, class B> AP_INLINE R times(const A &a, const B &b) {
    R r;
    r.V = (typename R::raw)((typename R::raw)raw(a) * (typename R::raw)raw(b));
    return r;
}
template <class R, class A, class B> AP_INLINE R over(const A &a, const B &b) {
    R r;
    if constexpr (pair<A, B>::fixed) {
        constexpr int up = (of<bare<B>>::w - of<bare<B>>::i) * 2;
        typedef typename storage<(R::width + of<bare<B>>::w + (up > 0 ? up : 0) + 2), true>::type wide;
        r.V = (typename R::raw)(((wide)raw(a) << (up > 0 ? up : 0)) / (wide)raw(b));
    } else
        r.V = (typename R::raw)((typename R::raw)raw(a) / (typename R::raw)raw(b));
    return r;
}
} // namespace ap_detail

#define AP_BINARY(OP, KIND, EXPRESSION)                                                                                \
    template <class A, class B, ap_detail::when<A, B> = 0>                                                             \
    AP_INLINE typename ap_detail::kinds<A, B>::KIND operator OP(const A &a, const B &b) {                              \
        typedef typename ap_detail::kinds<A, B>::KIND R;                                                               \
        if constexpr (ap_detail::pair<A, B>::real)                                                                     \
            return R(R(a) OP R(b));                                                                                    \
        else {                                                                                                         \
            EXPRESSION;                                                                                                \
        }                                                                                                              \
    }
#define AP_IN_RESULT(OP)                                                                                               \
    R r;                                                                                                               \
    r.V = (typename R::raw)(ap_detail::raw_in<R>(a) OP ap_detail::raw_in<R>(b));                                       \
    return r
AP_BINARY(+, plus, AP_IN_RESULT(+))
AP_BINARY(-, minus, AP_IN_RESULT(-))
AP_BINARY(*, times, return ap_detail::times<R>(a, b))
AP_BINARY(/, over, return ap_detail::over<R>(a, b))
#undef AP_BINARY
#define AP_BITS(OP, KIND)                                                                                              \
    template <class A, class B, ap_detail::when<A, B> = 0>                                                             \
    AP_INLINE typename ap_detail::kinds<A, B>::KIND operator OP(const A &a, const B &b) {                              \
        typedef typename ap_detail::kinds<A, B>::KIND R;                                                               \
        AP_IN_RESULT(OP);                                                                                              \
    }
AP_BITS(&, bits)
AP_BITS(|, bits)
AP_BITS(^, bits)
#undef AP_BITS
template <class A, class B, ap_detail::when<A, B> = 0>
AP_INLINE typename ap_detail::kinds<A, B>::rest operator%(const A &a, const B &b) {
    typedef typename ap_detail::kinds<A, B>::bits R;
    typename ap_detail::kinds<A, B>::rest r;
    r.V = (typename ap_detail::kinds<A, B>::rest::raw)(ap_detail::raw_in<R>(a) % ap_detail::raw_in<R>(b));
    return r;
}
#define AP_COMPARE(OP)                                                                                                 \
    template <class A, class B, ap_detail::when<A, B> = 0> AP_INLINE bool operator OP(const A &a, const B &b) {        \
        if constexpr (ap_detail::pair<A, B>::real)                                                                     \
            return double(a) OP double(b);                                                                             \
        else {                                                                                                         \
            typedef typename ap_detail::kinds<A, B>::bits R;                                                           \
            return ap_detail::raw_in<R>(a) OP ap_detail::raw_in<R>(b);                                                 \
        }                                                                                                              \
    }
AP_COMPARE(<)
AP_COMPARE(<=)
AP_COMPARE(>)
AP_COMPARE(>=)
AP_COMPARE(==)
AP_COMPARE(!=)
#undef AP_COMPARE
namespace ap_detail {
template <class A, bool Ap = ap<A>, bool Fixed = of<bare<A>>::fixed> struct shifted_of { typedef A type; };
template <class A> struct shifted_of<A, true, false> { typedef ap_int_base<of<A>::w, of<A>::s> type; };
template <class A> struct shifted_of<A, true, true> { typedef ap_fixed_base<of<A>::w, of<A>::i, of<A>::s> type; };
template <class A> using shifted = typename shifted_of<bare<A>>::type;
} // namespace ap_detail
#define AP_SHIFT(OP, BACK)                                                                                             \
    template <class A, class B, std::enable_if_t<ap_detail::ap<A> && ap_detail::is<B>, int> = 0>                       \
    AP_INLINE ap_detail::shifted<A> operator OP(const A &a, const B &b) {                                              \
        typedef ap_detail::shifted<A> R;                                                                               \
        R r;                                                                                                           \
        r.V = (typename R::raw)((typename R::raw)ap_detail::raw(a) OP (int) ap_detail::raw(b));                        \
        return r;                                                                                                      \
    }                                                                                                                  \
    template <class A, class B, std::enable_if_t<std::is_integral<A>::value && ap_detail::ap<B>, int> = 0>             \
    AP_INLINE A operator OP(const A &a, const B &b) {                                                                  \
        return A(a OP(int) ap_detail::raw(b));                                                                         \
    }
AP_SHIFT(<<, >>)
AP_SHIFT(>>, <<)
#undef AP_SHIFT
template <class A, class B, std::enable_if_t<ap_detail::pair<A, B>::any && !ap_detail::pair<A, B>::fixed
                                             && !ap_detail::pair<A, B>::real, int> = 0>
AP_INLINE ap_concat_ref<ap_detail::of<A>::w + ap_detail::of<B>::w> operator,(const A &a, const B &b) {
    typedef unsigned _BitInt(ap_detail::of<A>::w + ap_detail::of<B>::w) raw;
    typedef unsigned _BitInt(ap_detail::of<A>::w == 1 ? 2 : ap_detail::of<A>::w) left;
    typedef unsigned _BitInt(ap_detail::of<B>::w == 1 ? 2 : ap_detail::of<B>::w) right;
    ap_concat_ref<ap_detail::of<A>::w + ap_detail::of<B>::w> r;
    r.V = (raw)((raw)(left)ap_detail::raw(a) << ap_detail::of<B>::w) | (raw)(right)ap_detail::raw(b);
    return r;
}
template <class Stream, class T, std::enable_if_t<ap_detail::ap<T> && !ap_detail::is<Stream>
                                                  && std::is_class<typename Stream::traits_type>::value, int> = 0>
Stream &operator<<(Stream &s, const T &) {
    return s;
}
