// The FFT core: its settings and its call.
#pragma once
#include "ap_common.h"
#include "hls_stream.h"
#include "hls_vector.h"
#include <complex>
namespace hls {
namespace ip_fft {
enum arch { radix_4_burst_io = 1, radix_2_burst_io, pipelined_streaming_io, radix_2_lite_burst_io };
enum data { fixed_point = 0, floating_point };
enum scaling { scaled = 0, unscaled, block_floating_point };
enum rounding { truncation = 0, convergent_rounding };
enum mem { block_ram = 0, distributed_ram };
enum opt { use_luts = 0, use_mults_resources, use_mults_performance, use_xtremedsp_slices };
enum ordering { bit_reversed_order = 0, natural_order };
enum fft_direction { inverse = 0, forward };
struct params_t {
    static const unsigned input_width = 16, output_width = 16, status_width = 8, config_width = 16, max_nfft = 10;
    static const bool has_nfft = false, ovflo = true, cyclic_prefix_insertion = false, xk_index = false;
    static const bool mem_hybrid = false, memory_options_hybrid = false;
    static const unsigned channels = 1, arch_opt = pipelined_streaming_io, phase_factor_width = 16;
    static const unsigned ordering_opt = natural_order, output_ordering = natural_order, scaling_opt = scaled;
    static const unsigned scaling_options = scaled, rounding_opt = truncation, rounding_modes = truncation;
    static const unsigned mem_data = block_ram, mem_phase_factors = block_ram, mem_reorder = block_ram;
    static const unsigned stages_block_ram = 4, complex_mult_type = use_mults_resources, butterfly_type = use_luts;
    static const unsigned super_sample_rate = 1;
    static const bool use_native_float = false;
};
struct ssr_params_t : params_t {
    static const unsigned SSR = 1;
    static const bool use_native_float = true;
};
template <class C> struct config_t {
    ap_uint<C::config_width> data;
    void setDir(bool, unsigned = 0);
    void setSch(unsigned, unsigned = 0);
    void setNfft(unsigned);
    void setCpLen(unsigned);
    unsigned getDir(unsigned = 0);
    unsigned getSch(unsigned = 0);
};
template <class C> struct status_t {
    ap_uint<C::status_width> data;
    unsigned getBlkExp(unsigned = 0);
    bool getOvflo(unsigned = 0);
};
} // namespace ip_fft
template <class C, class... A> void fft(A &&...);
} // namespace hls
