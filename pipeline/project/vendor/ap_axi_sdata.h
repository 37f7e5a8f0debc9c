// What an AXI4-Stream carries in one beat.
#pragma once
#include "ap_common.h"
#include "hls_stream.h"
#define AXIS_ENABLE_DATA 0x1
#define AXIS_ENABLE_DEST 0x2
#define AXIS_ENABLE_ID 0x4
#define AXIS_ENABLE_KEEP 0x8
#define AXIS_ENABLE_LAST 0x10
#define AXIS_ENABLE_STRB 0x20
#define AXIS_ENABLE_USER 0x40
#define AXIS_ENABLE_ALL 0x7f
#define AXIS_DISABLE_ALL 0
namespace ap_detail {
template <class T> constexpr int bytes_of() {
    if constexpr (std::is_void<T>::value)
        return 1;
    else
        return ap<T> ? (of<T>::w + 7) / 8 : int(sizeof(T));
}
constexpr int at_least_1(int n) { return n > 0 ? n : 1; }
} // namespace ap_detail
namespace hls {
template <class T, int WUser = 0, int WId = 0, int WDest = 0, int Enabled = AXIS_ENABLE_ALL, bool Strict = false>
struct axis {
    T data;
    ap_uint<ap_detail::bytes_of<T>()> keep;
    ap_uint<ap_detail::bytes_of<T>()> strb;
    ap_uint<ap_detail::at_least_1(WUser)> user;
    ap_uint<1> last;
    ap_uint<ap_detail::at_least_1(WId)> id;
    ap_uint<ap_detail::at_least_1(WDest)> dest;
    T get_data() const { return data; }
    void set_data(const T &v) { data = v; }
    ap_uint<ap_detail::bytes_of<T>()> get_keep() const { return keep; }
    void set_keep(const ap_uint<ap_detail::bytes_of<T>()> &v) { keep = v; }
    ap_uint<ap_detail::bytes_of<T>()> get_strb() const { return strb; }
    void set_strb(const ap_uint<ap_detail::bytes_of<T>()> &v) { strb = v; }
    ap_uint<1> get_last() const { return last; }
    void set_last(const ap_uint<1> &v) { last = v; }
    ap_uint<ap_detail::at_least_1(WUser)> get_user() const { return user; }
    void set_user(const ap_uint<ap_detail::at_least_1(WUser)> &v) { user = v; }
    ap_uint<ap_detail::at_least_1(WId)> get_id() const { return id; }
    void set_id(const ap_uint<ap_detail::at_least_1(WId)> &v) { id = v; }
    ap_uint<ap_detail::at_least_1(WDest)> get_dest() const { return dest; }
    void set_dest(const ap_uint<ap_detail::at_least_1(WDest)> &v) { dest = v; }
    void keep_all() { keep = -1; }
};
template <int WUser, int WId, int WDest, int Enabled, bool Strict>
struct axis<void, WUser, WId, WDest, Enabled, Strict> {
    ap_uint<ap_detail::bytes_of<void>()> keep;
    ap_uint<ap_detail::bytes_of<void>()> strb;
    ap_uint<ap_detail::at_least_1(WUser)> user;
    ap_uint<1> last;
    ap_uint<ap_detail::at_least_1(WId)> id;
    ap_uint<ap_detail::at_least_1(WDest)> dest;
    ap_uint<ap_detail::bytes_of<void>()> get_keep() const { return keep; }
    void set_keep(const ap_uint<ap_detail::bytes_of<void>()> &v) { keep = v; }
    ap_uint<ap_detail::bytes_of<void>()> get_strb() const { return strb; }
    void set_strb(const ap_uint<ap_detail::bytes_of<void>()> &v) { strb = v; }
    ap_uint<1> get_last() const { return last; }
    void set_last(const ap_uint<1> &v) { last = v; }
    ap_uint<ap_detail::at_least_1(WUser)> get_user() const { return user; }
    void set_user(const ap_uint<ap_detail::at_least_1(WUser)> &v) { user = v; }
    ap_uint<ap_detail::at_least_1(WId)> get_id() const { return id; }
    void set_id(const ap_uint<ap_detail::at_least_1(WId)> &v) { id = v; }
    ap_uint<ap_detail::at_least_1(WDest)> get_dest() const { return dest; }
    void set_dest(const ap_uint<ap_detail::at_least_1(WDest)> &v) { dest = v; }
    void keep_all() { keep = -1; }
};
template <class T, int Enabled = AXIS_ENABLE_DATA | AXIS_ENABLE_KEEP | AXIS_ENABLE_LAST, bool Strict = false>
using axis_data = axis<T, 0, 0, 0, Enabled, Strict>;
template <int WUser, int Enabled = AXIS_ENABLE_USER | AXIS_ENABLE_KEEP | AXIS_ENABLE_LAST, bool Strict = false>
using axis_user = axis<void, WUser, 0, 0, Enabled, Strict>;
} // namespace hls
template <int D, int U = 0, int TI = 0, int TD = 0, int Enabled = AXIS_ENABLE_ALL, bool Strict = false>
using ap_axis = hls::axis<ap_int<D>, U, TI, TD, Enabled, Strict>;
template <int D, int U = 0, int TI = 0, int TD = 0, int Enabled = AXIS_ENABLE_ALL, bool Strict = false>
using ap_axiu = hls::axis<ap_uint<D>, U, TI, TD, Enabled, Strict>;
template <int D, int U = 0, int TI = 0, int TD = 0> using qdma_axis = hls::axis<ap_uint<D>, U, TI, TD>;
