// DSP blocks asked for by hand (UG1399, "DSP Intrinsics"): widths of their ports, and what they return.
#pragma once
#include "ap_common.h"
#include "hls_stream.h"
#include <complex>
#include <cstdint>
#define HLS_DSP_FLAGS                                                                                                  \
    constexpr int64_t NO_REG = 0, REG_A1 = 1, REG_A2 = 2, REG_B1 = 4, REG_B2 = 8, REG_D = 16, REG_AD = 32, REG_C = 64, \
                      REG_M = 128, REG_P = 256, NO_PIPELINE = NO_REG, BALANCED_PIPELINE = REG_A1 | REG_B1,             \
                      FULL_PIPELINE = REG_A1 | REG_A2 | REG_B1 | REG_B2 | REG_AD;
#define HLS_DSP_BLOCK                                                                                                  \
    HLS_DSP_FLAGS                                                                                                      \
    struct R_t {                                                                                                       \
        A_t acout;                                                                                                     \
        B_t bcout;                                                                                                     \
        C_t pcout;                                                                                                     \
    };                                                                                                                 \
    template <int64_t FLAGS> C_t mul(A_t, B_t);                                                                        \
    template <int64_t FLAGS> C_t mul_add(A_t, B_t, C_t);                                                               \
    template <int64_t FLAGS> C_t mul_sub(A_t, B_t, C_t);                                                               \
    template <int64_t FLAGS> C_t add_mul(A_t, D_t, B_t);                                                               \
    template <int64_t FLAGS> C_t sub_mul(A_t, D_t, B_t);                                                               \
    template <int64_t FLAGS> C_t add_mul_add(A_t, D_t, B_t, C_t);                                                      \
    template <int64_t FLAGS> C_t add_mul_sub(A_t, D_t, B_t, C_t);                                                      \
    template <int64_t FLAGS> C_t sub_mul_add(A_t, D_t, B_t, C_t);                                                      \
    template <int64_t FLAGS> C_t sub_mul_sub(A_t, D_t, B_t, C_t);                                                      \
    template <int64_t FLAGS> class acc {                                                                               \
      public:                                                                                                          \
        acc();                                                                                                         \
        C_t mul_acc(A_t, B_t, bool);                                                                                   \
        C_t mul_acc(A_t, B_t, C_t, bool);                                                                              \
        C_t add_mul_acc(A_t, D_t, B_t, bool);                                                                          \
        C_t sub_mul_acc(A_t, D_t, B_t, bool);                                                                          \
    };                                                                                                                 \
    template <int64_t FLAGS> class cascade {                                                                           \
      public:                                                                                                          \
        cascade();                                                                                                     \
        R_t mul_add(A_t, B_t, C_t);                                                                                    \
        R_t mul_sub(A_t, B_t, C_t);                                                                                    \
        R_t add_mul_add(A_t, D_t, B_t, C_t);                                                                           \
        R_t mul_acc(A_t, B_t, C_t, bool);                                                                              \
        R_t mul_acc(A_t, B_t, bool);                                                                                   \
    };
#define HLS_DSP(NAME, A, B, C)                                                                                         \
    namespace hls {                                                                                                    \
    namespace NAME {                                                                                                   \
    typedef ap_int<A> A_t;                                                                                             \
    typedef ap_int<B> B_t;                                                                                             \
    typedef ap_int<C> C_t;                                                                                             \
    typedef ap_int<A> D_t;                                                                                             \
    HLS_DSP_BLOCK                                                                                                      \
    }                                                                                                                  \
    }
HLS_DSP(dsp48e1, 25, 18, 48)
HLS_DSP(dsp48e2, 27, 18, 48)
HLS_DSP(dsp58, 27, 24, 58)
namespace hls {
namespace dspcplx {
typedef std::complex<ap_int<18>> A_t;
typedef std::complex<ap_int<18>> B_t;
typedef std::complex<ap_int<58>> C_t;
typedef std::complex<ap_int<18>> D_t;
HLS_DSP_BLOCK
} // namespace dspcplx
} // namespace hls
#undef HLS_DSP
#undef HLS_DSP_BLOCK
#undef HLS_DSP_FLAGS
