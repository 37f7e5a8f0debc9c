// Vectors: N numbers that are computed with together.
#pragma once
#include <array>
#include <cstddef>
#include <initializer_list>
#include <type_traits>
namespace hls {
template <class T, size_t N> class vector {
  public:
    T data[N];
    typedef T value_type;
    vector() = default;
    vector(const vector &) = default;
    vector &operator=(const vector &) = default;
    inline __attribute__((always_inline)) vector(const T &v) {
        for (size_t i = 0; i < N; ++i) data[i] = v;
    }
    template <class U, std::enable_if_t<std::is_convertible<U, T>::value && !std::is_same<U, T>::value, int> = 0>
    vector(const U &v) : vector(T(v)) {}
    vector(const std::array<T, N> &);
    vector(std::initializer_list<T>);
    T &operator[](size_t i) { return data[i]; }
    const T &operator[](size_t i) const { return data[i]; }
    static constexpr size_t size() { return N; }
    T *begin() { return data; }
    T *end() { return data + N; }
    const T *begin() const { return data; }
    const T *end() const { return data + N; }
    T &front() { return data[0]; }
    T &back() { return data[N - 1]; }
    T reduce_add() const {
        T r = data[0];
        for (size_t i = 1; i < N; ++i) r = r + data[i];
        return r;
    }
    T reduce_mult() const {
        T r = data[0];
        for (size_t i = 1; i < N; ++i) r = r * data[i];
        return r;
    }
    T reduce_and() const;
    T reduce_or() const;
    T reduce_xor() const;
    T reduce_min() const;
    T reduce_max() const;
    template <class Op> T reduce(Op) const;
#define HLS_VECTOR_COUNTS(OP)                                                                                          \
    inline vector &operator OP() {                                                                                     \
        for (size_t i = 0; i < N; ++i) OP data[i];                                                                     \
        return *this;                                                                                                  \
    }                                                                                                                  \
    inline vector operator OP(int) {                                                                                   \
        vector before = *this;                                                                                         \
        OP *this;                                                                                                      \
        return before;                                                                                                 \
    }
    HLS_VECTOR_COUNTS(++)
    HLS_VECTOR_COUNTS(--)
#undef HLS_VECTOR_COUNTS
    vector operator-() const;
    vector operator~() const;
    // Compared as words in a dictionary are: the first elements that differ decide.
    friend inline bool operator==(const vector &a, const vector &b) {
        for (size_t i = 0; i < N; ++i)
            if (!(a.data[i] == b.data[i])) return false;
        return true;
    }
    friend inline bool operator<(const vector &a, const vector &b) {
        for (size_t i = 0; i < N; ++i)
            if (a.data[i] < b.data[i] || b.data[i] < a.data[i]) return a.data[i] < b.data[i];
        return false;
    }
    friend inline bool operator!=(const vector &a, const vector &b) { return !(a == b); }
    friend inline bool operator>(const vector &a, const vector &b) { return b < a; }
    friend inline bool operator<=(const vector &a, const vector &b) { return !(b < a); }
    friend inline bool operator>=(const vector &a, const vector &b) { return !(a < b); }
#define HLS_VECTOR_OP(OP)                                                                                              \
    inline vector &operator OP##=(const vector &b) {                                                                   \
        for (size_t i = 0; i < N; ++i) data[i] = data[i] OP b.data[i];                                                 \
        return *this;                                                                                                  \
    }                                                                                                                  \
    friend inline vector operator OP(const vector &a, const vector &b) {                                               \
        vector r;                                                                                                      \
        for (size_t i = 0; i < N; ++i) r.data[i] = a.data[i] OP b.data[i];                                             \
        return r;                                                                                                      \
    }
    HLS_VECTOR_OP(+)
    HLS_VECTOR_OP(-)
    HLS_VECTOR_OP(*)
    HLS_VECTOR_OP(/)
    HLS_VECTOR_OP(%)
    HLS_VECTOR_OP(&)
    HLS_VECTOR_OP(|)
    HLS_VECTOR_OP(^)
    HLS_VECTOR_OP(<<)
    HLS_VECTOR_OP(>>)
#undef HLS_VECTOR_OP
};
} // namespace hls
