// The FIR core: its settings and its call.
#pragma once
#include "ap_common.h"
#include "hls_stream.h"
namespace hls {
namespace ip_fir {
enum filter_kinds { single_rate = 0, interpolation, decimation, hilbert, interpolated };
enum rate_changes { integer = 0, fixed_fractional };
enum chan_seqs { basic = 0, advanced };
enum quantizations { integer_coefficients = 0, quantize_only, maximize_dynamic_range, normalize_to_centre_coefficient };
enum structures { inferred = 0, non_symmetric, symmetric, negative_symmetric };
enum roundings { full_precision = 0, truncate_lsbs, non_symmetric_rounding_down, non_symmetric_rounding_up,
                 symmetric_rounding_to_zero, symmetric_rounding_to_infinity, convergent_rounding_to_even,
                 convergent_rounding_to_odd };
enum goals { area = 0, speed, custom };
enum rate_spec { frequency_specification = 0, input_sample_period, output_sample_period };
struct params_t {
    static const unsigned input_width = 16, input_fractional_bits = 0, output_width = 24, output_fractional_bits = 0;
    static const unsigned coeff_width = 16, coeff_fractional_bits = 0, num_coeffs = 21, coeff_sets = 1;
    static const unsigned input_length = 21, output_length = 21, num_channels = 1, total_num_coeff = 21;
    static const unsigned filter_type = single_rate, rate_change = integer, interp_rate = 1, decim_rate = 1;
    static const unsigned zero_pack_factor = 1, chan_seq = basic, rate_specification = input_sample_period;
    static const unsigned quantization = integer_coefficients, coeff_structure = inferred, config_sync_mode = 0;
    static const unsigned output_rounding_mode = full_precision, optimization_goal = area, config_method = 0;
    static const bool reloadable = false, best_precision = false;
    static constexpr double sample_period = 1, sample_frequency = 0.001;
};
} // namespace ip_fir
template <class C> class FIR {
  public:
    template <class... A> void run(A &&...);
    template <class... A> void operator()(A &&...);
};
} // namespace hls
