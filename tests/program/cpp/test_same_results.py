"""What C++ is put into computes what the C++ does."""

from __future__ import annotations

import random

import pytest

from tests.program.cpp.executed import of_program, of_text, results

_TOP = 'extern "C" int top(int a[16], int b[16], int n)'
SOURCES = {
    "objects without a name": """
        struct Pair { int x; short y; };
        static int of(const Pair &p) { return p.x * 3 + p.y; }
        TOP {
            Pair one = (Pair){n, 2}, all[4];
            for (int i = 0; i < 4; i++) all[i] = (Pair){a[i], (short)(a[i + 4] + i)};
            for (int i = 0; i < 16; i++) b[i] = of(all[i & 3]) + (int){i} + of((Pair){a[i], 7});
            return of(one);
        }
    """,
    "lambdas that take arrays by reference": """
        TOP {
            int t[16], m[2][8];
            for (int i = 0; i < 16; i++) { t[i] = a[i]; m[i >> 3][i & 7] = a[15 - i]; }
            auto one = [&](int i) { return t[i & 15] + m[1][i & 7]; };
            auto move = [&t, &m](int by) {
                for (int i = 0; i < 8; i++) { t[i] += by; m[0][i] -= t[i]; }
                int *p = t;
                p[3]++;
            };
            auto inner = [&] { auto deeper = [&](int i) { return t[i] * 3; }; return deeper(n & 7); };
            move(n);
            for (int i = 0; i < 16; i++) b[i] = t[i] + 3 * m[i & 1][i & 7] + one(i);
            return inner() + (t[2] = n, one(2));
        }
    """,
    "lambdas that are called with several types": """
        TOP {
            int k = n & 3; float g = 1.5f;
            auto add = [](auto x, auto y) { return x + y; };
            auto scale = [&](auto &x) { for (int i = 0; i < 2; i++) x += k; g += x; };
            auto each = [=](auto *p, int m) { for (int i = 0; i < m; i++) p[i] = p[i] * 2 + k; };
            short s[4] = {1, 2, 3, 4};
            each(a, 16); each(s, 4); each(b, 2);
            for (int i = 0; i < 16; i++) b[i] = add(a[i], 3) + s[i & 3];
            float f = add(1.5f, 2.25f); short t = n;
            scale(f); scale(b[3]); scale(t);
            return (int)(f * 4 + g) + t + add(n, 2.5);
        }
    """,
    "classes named without their namespace": """
        namespace img { struct Pixel { int r; int g; }; enum Way { UP = 3, DOWN };
            namespace deep { struct Line { Pixel p[4]; }; } int sum(const Pixel &x) { return x.r + x.g; } }
        using namespace img;
        using img::deep::Line;
        TOP {
            Pixel one[16]; Line line; Way way = n > 0 ? UP : DOWN;
            for (int i = 0; i < 16; i++) { one[i].r = a[i]; one[i].g = a[15 - i] * way; }
            for (int i = 0; i < 4; i++) line.p[i] = one[2 * i + 1];
            for (int i = 0; i < 16; i++) b[i] = sum(one[i]) + line.p[i % 4].g;
            return line.p[1].r;
        }
    """,
    "classes in namespaces without a name": """
        struct Pair { int x; int more() const { return x + 1; } };
        namespace {
            enum Way { UP = 3, DOWN };
            template <class T, int N = 4> class Line { T v[N]; public:
                Line() { for (int i = 0; i < N; i++) v[i] = i; }
                void set(const Line &o, int i) { v[i & 3] = o.v[(i + 1) & 3]; }
                void put(int i, T x) { v[i & 3] = x; }
                T get(int i) const { return v[i & 3] * UP; } };
            typedef Line<int> Row;
        }
        namespace in { namespace { struct Pair { int x; int more() const { return x + 2; } };
            struct Wide : Pair { Row row; }; } static int of(const Wide &p) { return p.more(); } using Both = Wide; }
        TOP {
            Pair one = {n}; in::Pair two = {n}; in::Both both; Row row; Line<int, 4> *at = &row;
            Way way = n > 0 ? UP : DOWN; both.x = 5;
            for (int i = 0; i < 16; i++) { both.row.put(i, a[i]); at->set(both.row, i); b[i] = row.get(i) * way; }
            return one.more() * 10000 + two.more() * 100 + in::of(both);
        }
    """,
    "references": """
        static void twice(int &x, const int &by) { x *= by; }
        static int &pick(int *p, int i) { return p[i & 15]; }
        TOP {
            for (int i = 0; i < 16; i++) {
            int &r = b[i];
            r = a[15 - i];
            twice(r, 2);
            pick(b, n) += 1; } int &s = n;
            s++;
            return s; }
    """,
    "classes": """
        namespace ns { struct Base { int k; Base(int v = 3) : k(v) {} int more() const { return k + 1; } }; }
        class Sum : public ns::Base {
            int d[4] = {0, 0, 0, 0};
            static const int N = 4;
          public:
            Sum(int v) : ns::Base(v) { for (int i = 0; i < N; i++) d[i] = v; }
            Sum &add(int i, int v) { d[i & 3] += v; return *this; }
            int get() const { int s = 0; for (int i = 0; i < N; ++i) s += d[i]; return s + more(); }
            int operator()(int i) const { return d[i & 3]; }
        };
        TOP {
            Sum s(n);
            for (int i = 0; i < 16; i++) {
            s.add(i, a[i]).add(1, 1);
            b[i] = s(i); } return s.get(); }
    """,
    "templates": """
        template <class T, int N> struct Line {
            T v[N];
            void push(T x) {
            for (int i = N - 1; i > 0; i--) v[i] = v[i - 1];
            v[0] = x; } T sum() const {
            T s = 0;
            for (int i = 0; i < N; i++) s += v[i];
            return s; } };
        template <int N, class T> static T scale(const T (&x)[N], T k) {
            T s = 0;
            for (int i = 0; i < N; i++) s += x[i] * k;
            return s; }
        template <int N> static int power(int x) {
            if constexpr (N == 0) return 1;
            else return x * power<N - 1>(x); }
        TOP {
            Line<int, 3> l{};
            Line<short, 5> m{};
            int c[4] = {1, 2, 3, 4};
            for (int i = 0; i < 16; i++) {
            l.push(a[i]);
            m.push(i);
            b[i] = l.sum() + m.sum() + scale(c, n) + power<3>(i); } return power<2>(n); }
    """,
    "lambdas": """
        TOP {
            int total = 0, base = 5;
            auto add = [&](int v) { total += v; return total + base; };
            auto shift = [=](int v) { return v + base; };
            auto both = [&](int v) { return add(v) - shift(v); };
            for (int i = 0; i < 16; i++) b[i] = both(a[i]); return total; }
    """,
    "lambdas that are handed over": """
        template <class F> static void each(int *x, F f) { for (int i = 0; i < 16; i++) x[i] = f(x[i]); }
        template <int N, class F> static void times(int k, F &&f) { for (int i = 0; i < N; i++) f(i, k); }
        struct Gain { int g; int on(int v) { auto f = [this](int x) { return x * g; }; return f(v) + f(1); } };
        TOP {
            int total = 0; Gain gain; gain.g = n;
            auto add = [&total](int v) { total += v; return total; };
            for (int i = 0; i < 16; i++) b[i] = a[i];
            each(b, [](int v) { return v - 1; });
            each(b, [=](int v) { return v * 2 - n; });
            each(b, add);
            times<4>(n, [&](int i, int k) { times<3>(k, [&](int j, int m) { b[4 * i + j] += m + i + total; }); });
            return gain.on(total);
        }
    """,
    "structured bindings": """
        #include <tuple>
        #include <utility>
        struct Both { int x; short y; };
        static Both made(int i) { return {i, (short)(i * 3)}; }
        static std::pair<int, int> ordered(int p, int q) {
            if (p < q) return std::make_pair(p, q);
            return {q, p}; }
        static std::tuple<int, int, short> three(int p) { return std::make_tuple(p, p + 1, (short)(p - 1)); }
        TOP {
            int s = 0;
            for (int i = 0; i < 16; i++) {
                Both either = a[i] > n ? made(i) : Both{n, 3}; s += either.x * either.y;
                auto [x, y] = made(a[i]);
                Both other = made(n); auto &[u, v] = other; u += i; v -= 1;
                auto [low, high] = ordered(a[i], a[15 - i]);
                const auto [p, q, r] = three(i);
                int pair[2] = {i, n}; auto [first, second] = pair; first += 2; std::pair<int, int> two(p, q);
                two.second += std::get<2>(three(n));
                b[i] = x + y + other.x - other.y + 3 * low - high + p * q - r + first * second + pair[0] + two.second;
                s += low;
            }
            return s;
        }
    """,
    "classes within functions and without names": """
        typedef struct { int w; } Weight;
        struct Outer { struct { int p; } in; int q; };
        template <int K> static int last(int x) {
            struct Line { int v[K]; int get(int i) const { return v[i]; } }; enum { A = K, B };
            Line l; for (int i = 0; i < K; i++) l.v[i] = x * i; return l.get(K - 1) + B; }
        template <class... T> static int sum(T... each) { return (each + ... + 0); }
        TOP {
            struct { int x; int y[16]; } s; Outer o; Weight t; s.x = n; o.in.p = 3; o.q = 4; t.w = o.in.p;
            struct Made { int r; Made(int x) : r(x) {} Made() : Made(5) {} }; Made m(n), d;
            for (int i = 0; i < 16; i++) s.y[i] = a[i] + s.x;
            for (int i = 0; i < 16; i++) b[i] = s.y[15 - i] * t.w + last<4>(i) + sum(i, m.r, d.r, a[i]);
            return o.q;
        }
    """,
    "arguments of templates that are not given": """
        constexpr int MOST = 4;
        template <class T, int N = MOST, bool Twice = false> struct Queue {
            T v[N]; int at;
            Queue() : at(0) { for (int i = 0; i < N; i++) v[i] = i; }
            void push(T x) { v[at] = Twice ? 2 * x : x; at = (at + 1) % N; }
            T pop() { T x = v[at]; v[at] = 0; return x; } };
        template <class T, class Q = Queue<T>> struct Holder {
            Q queue; T last;
            T both(T x) { queue.push(x); return last = queue.pop(); } };
        TOP {
            Queue<int> q; Queue<int, 5> five; Queue<int, 4, true> twice;
            Holder<int> h; Holder<short, Queue<short, 3>> s;
            for (int i = 0; i < 16; i++) {
                q.push(a[i]); five.push(n); twice.push(i);
                b[i] = q.pop() + five.pop() * twice.pop() + h.both(a[i]) - s.both(i);
            }
            return h.last + s.queue.at;
        }
    """,
    "accessors that name a place": """
        #include "ap_int.h"
        #include <limits>
        template <class T, int R, int C> struct Grid {
            T v[R][C]; int offset;
            T &operator()(int r, int c) { return v[r % (R + 0)][(c + offset) % C]; }
            const T &operator[](int i) const { return v[i / C][i % C]; }
            T &first() { return (*this)(0, 0); } int &moved() { return offset; }
        };
        struct Owner { Grid<int, 4, 4> own; Grid<int, 4, 4> &grid() { return own; } };
        static int &pick(int *p, ap_uint<4> i) { return p[i]; }
        static short &part(short (&p)[4], int i) { return p[i & 3]; }
        TOP {
            Owner o; o.grid().moved() = n & 3; short h[4] = {1, 2, 3, 4};
            for (int i = 0; i < 16; i++) o.grid()(i / 4, i % 4) = a[i] + part(h, i);
            o.grid().first() += n; part(h, n)--; pick(b, 3) = std::numeric_limits<short>::max();
            for (int i = 0; i < 16; i++) { pick(b, i) += o.own[15 - i]; o.grid()(i, i)++; b[i] ^= o.grid()(i, i); }
            return part(h, 1) + (o.own[2] > std::numeric_limits<int>::lowest() ? 1 : 0);
        }
    """,
    "declarations in heads": """
        #include <initializer_list>
        TOP {
            int s = 0;
            for (int k : {1, 2, 4}) for (int i = 0; i < 16; i++) b[i] += a[i] * k;
            int m[2][3] = {{1, 2, 3}, {4, 5, 6}};
            for (auto &row : m) for (int v : row) s += v;
            for (const auto &row : m) s += row[2];
            int left = n & 7;
            while (int c = left) { s += c; left = c - 1; if (c == 3) continue; s++; }
            for (int i = 0; int c = a[i & 15] & 3; i++) { if (i > 9) break; s += c; }
            if (int z = a[2]; z > 2) s += z; else s -= z;
            switch (int z = n & 1; z + 1) { case 1: s++; break; default: s--; }
            return s;
        }
    """,
    "ranges and casts": """
        enum Kind { first, second = 5, third };
        enum class Way : unsigned char { in = 2, out };
        constexpr int M = 3 * 2;
        static const int table[M] = {1, 2, 3};
        TOP {
            int c[M]; int s = 0;
            for (auto &x : c) x = n;
            for (int x : table) s += x;
            for (int i = 0; i < 16; i++) {
                b[i] = static_cast<int>(float(a[i]) * 0.5f) + (unsigned char)a[i] + third;
                b[i] += static_cast<int>(Way::out) + (a[i] > 0 ? c[i % M] : -1);
            }
            switch (n & 3) { case 0: s++; case 1: s += 2; break; default: s = -s; }
            do { s--; } while (s > 100);
            return s;
        }
    """,
    "overloads and operators": """
        struct Pair {
            int x, y;
            Pair operator+(const Pair &o) const {
            return {x + o.x, y + o.y}; } bool operator<(const Pair &o) const {
            return x < o.x; } };
        static Pair operator*(const Pair &p, int k) { Pair r = p; r.x *= k; r.y *= k; return r; }
        static int size(int x) { return x + 1; }
        static int size(const Pair &p) { return p.x + p.y; }
        TOP {
            Pair s = {0, 0};
            for (int i = 0; i < 16; i++) {
            Pair p = {a[i], i};
            s = s + p * 2;
            if (p < s) b[i] = size(p);
            else b[i] = size(a[i]); } return size(s); }
    """,
    "scopes": """
        namespace deep { namespace er { static int get(int v) { return v - 1; } } using er::get; }
        static int get(int v) { return v + 1; }
        TOP {
            int i = 100;
            for (int i = 0; i < 8; i++) b[i] = deep::get(a[i]);
            for (int i = 8; i < 16; i++) {
            int i2 = i;
            {
            int i = i2 * 2;
            b[i2] = get(i); } } return i; }
    """,
    "windows and line buffers": """
        #include "hls_video.h"
        TOP {
            hls::LineBuffer<3, 4, int> rows; hls::Window<2, 3, int> w;
            for (int i = 0; i < 3; i++) for (int j = 0; j < 4; j++) rows.val[i][j] = i + j;
            for (int i = 0; i < 2; i++) for (int j = 0; j < 3; j++) w.insert(i - j, i, j);
            for (int i = 0; i < 16; i++) {
                rows.shift_pixels_up(i % 4);
                rows.insert_bottom_row(a[i], i % 4);
                if (i & 1) w.shift_pixels_left(); else w.shift_pixels_right();
                if (i & 2) w.shift_pixels_up(); else w.shift_pixels_down();
                if (i == 9) { rows.shift_pixels_down(1); rows.insert_top(n, 1); }
                w.insert_pixel(rows.getval(1, i % 4), i & 1, 2);
                b[i] = w.getval(0, 1) - w(1, 0) * rows(0, 3) + rows.getval(2, 1);
            }
            return w.getval(0, 0);
        }
    """,
    "integers of any width": """
        #include "ap_int.h"
        TOP {
            ap_int<12> acc = 0; ap_uint<5> c = 0; ap_int<20> wide = n;
            for (ap_uint<5> i = 0; i < 16; i++) {
                ap_int<11> x = a[i];
                acc += x; c++; wide = wide * x - c; wide ^= 3;
                b[i] = acc + (x * x) / 7 + x % 5 + (x >> 2) + (c << 1) + (x > c) + wide;
                x[3] = c[0]; x.range(2, 1) = c(1, 0); ap_uint<16> both = (c, x);
                b[i] += x + both + both.range(9, 4) + (-x) + (~x) + !x + x[2] + x.to_int();
            }
            return acc;
        }
    """,
    "packs and calls of lambdas where they stand": """
        template <class... T> static int count(T... x) { return sizeof...(x) * 10 + sizeof...(T); }
        template <int N> constexpr int square = N * N;
        constexpr int operator"" _k(unsigned long long x) { return x * 1000; }
        TOP {
            const int total = [&] { int s = 0; for (int i = 0; i < 16; i++) s += a[i]; return s; }();
            for (int i = 0; i < square<4>; i++)
                b[i] = [&](int x) { if (x > 0) return x; return -x; }(a[i]) + count(i, n) + square<3> + 2_k;
            return total + count();
        }
    """,
    "what lambdas keep by value": """
        struct Gain { int g; int on(int x) const { return x * g; } };
        TOP {
            int c = n, d = 3; Gain gain{2};
            auto kept = [=](int x) { return c + x + d + gain.on(x); };
            auto counts = [c](int x) mutable { c += x; return c; };
            auto made = [k = n * 2](int x) { return k + x; };
            c = 100; gain.g = 7;
            for (int i = 0; i < 16; i++) b[i] = kept(a[i]) - counts(i) * made(a[i]);
            return c + counts(0);
        }
    """,
    "loops over classes with a begin and an end": """
        #include <array>
        #include <iterator>
        struct View { int *p; int n; int *begin() const { return p; } int *end() const { return p + n; } };
        struct At { int i; int operator*() const { return i; } At &operator++() { i++; return *this; }
            bool operator!=(const At &o) const { return i != o.i; } };
        struct Range { int low, high; At begin() const { return At{low}; } At end() const { return At{high}; } };
        TOP {
            std::array<int, 16> v; int k = 0, s = 0, w[4] = {1, 2, 3, 4};
            for (auto it = v.begin(); it != v.end(); ++it) *it = a[k++];
            for (int &x : View{b, 16}) x = v.at(--k) + v.front() - v.back();
            for (int i : Range{0, 16}) b[i] += i;
            for (int *p = std::begin(w); p != std::end(w); ++p) s += *p * (int)std::size(w);
            return s + n;
        }
    """,
    "unions, bit-fields and lists that are not complete": """
        #include <algorithm>
        union Word { int whole; unsigned char part[4]; };
        struct Bits { unsigned low : 4; unsigned high : 4; int s : 5; };
        struct Line { int x; int y[3]; Line() : x(1), y{1, 2, 3} {} Line(int k) : x(k), y{k} {} };
        struct Add { int operator()(int x, int y) const { return x + y; } };
        template <class F> static int reduced(const int *p, F f) { int s = 0;
            for (int i = 0; i < 4; i++) s = f(s, p[i]); return s; }
        TOP {
            Line p, q(n), r(3);
            for (int i = 0; i < 16; i++) {
                Word u; u.whole = a[i]; Bits f; f.low = a[i]; f.high = a[i] >> 4; f.s = n;
                (a[i] > 5 ? q : r).x++;
                b[i] = u.part[0] + u.part[1] + f.low * f.high + f.s + p.y[i % 3] * q.y[i % 3] + std::min({i, n, a[i]})
                    + std::clamp(a[i], -100, n + 100);
            }
            return reduced(a, Add{}) + reduced(b, Add()) + q.x - r.x;
        }
    """,
    "lists of objects with constructors and several names for an element": """
        #include <initializer_list>
        #include <utility>
        struct P { int x, y; P(int a, int b) : x(a), y(b) {} P() : x(5), y(6) {} };
        struct H { int n; P p; int m; };
        TOP {
            P list[4] = {P(1, n), {2, 3}}, two[2][2] = {{P(n, 1)}, {{2, 3}, P()}};
            H h = {n, {4, n}, 9};
            for (int i = 0; i < 16; i++)
                b[i] = list[i & 3].x + list[i & 3].y + two[i & 1][i >> 1 & 1].x + two[1][i & 1].y + h.p.x * h.p.y + h.m;
            for (const P &p : {P(1, 2), P(3, n)}) b[0] += p.x * p.y;
            for (auto [p, q] : list) { b[1] += p - q * 3; p = 7; }
            for (auto &[p, q] : list) { p += 1; q = p * n; }
            for (const auto &[p, q] : list) b[2] += p * 5 + q;
            std::pair<int, short> pairs[3] = {{1, 2}, {n, 3}};
            for (auto [p, q] : pairs) b[3] += p * 5 + q;
            int rows[3][2] = {{1, n}, {2, 7}};
            for (auto &[p, q] : rows) b[4] += p * 5 + q;
            return h.n;
        }
    """,
    "types as they are written": """
        #include "ap_int.h"
        enum { A = 1, B = 5 };
        template <int N> struct Q { int q[N]; int s; };
        template <int D, int H> struct W { Q<D * (D / H) * H> wq[3]; Q<D * 2> k; };
        static int named(int *a) { typedef Q<4> other; other o; const other &r = o; o.q[1] = a[0]; return r.q[1]; }
        TOP {
            static W<4, 2> w; W<4, 2> *p = &w; ap_uint<7> x = n, state = n;
            typedef Q<8> local; typedef local other; other many[2];
            for (int l = 0; l < 3; l++) for (int i = 0; i < 16; i++) (p->wq + l)->q[i] = a[i] * l;
            for (int i = 0; i < 8; i++) {
                many[i & 1].q[i] = i; const other &r = many[i & 1]; other *z = &many[0]; z->q[0] = 3;
                w.k.q[i] = r.q[i] + z->q[0];
            }
            for (int i = 0; i < 16; i++) {
                b[i] = p->wq[i % 3].q[i] + x[x.width - 1] + x.width * 3 + x.sign_flag + w.k.q[i & 7] + state;
                state = i & 1 ? A : B;
            }
            return named(a) + state;
        }
    """,
    "classes of one name inside and outside a namespace": """
        struct P { int x[3]; };
        namespace n {
            struct P { int y[5]; int z; };
            struct H { P p; P q[2]; };
            struct S { static int t[4]; static const int N; int g(int i) { return t[i & 3]; } };
            void f(P &p, int *b) { for (int i = 0; i < 5; i++) b[i] = p.y[i] + p.z; }
            P made(int k) { P p; p.z = k; for (int i = 0; i < 5; i++) p.y[i] = i; return p; }
        }
        int n::S::t[4] = {1, 2, 3, 4}; const int n::S::N = 3; const int N = 5;
        TOP {
            ::n::P p; P q; ::n::H h; ::n::S s;
            for (int i = 0; i < 3; i++) q.x[i] = a[i];
            for (int i = 0; i < 5; i++) p.y[i] = a[i];
            p.z = q.x[1]; ::n::f(p, b); h.p = ::n::made(n); h.q[1] = h.p;
            for (int i = 0; i < ::n::S::N; i++) b[i] += s.g(i) + h.q[1].z * N;
            return ::n::S::N;
        }
    """,
    "constructors and methods that give members and name them": """
        struct View { int *p; unsigned n; bool odd; View(int *q, int m) : p(q), n(m), odd(m) {}
            unsigned size() const { return n; } int &at(int i) { return p[i]; } int got() const { return n; } };
        struct Two { const int &x; int y; Two(const int &a, int b) : x(a), y(b) {} int first() const { return x; } };
        struct C { int n; int get() { return n; } int grow() { n = n * 3 + 1; return n; } };
        TOP {
            View v(a, 16), w(b, n & 7); C c; c.n = n;
            for (unsigned i = 0; i < v.size(); i++) v.at(i) += w.odd + w.size() * 3;
            int old = c.get(); const int &kept = c.get(); auto &&again = c.get();
            c.grow();
            int m = n; Two t(n, 300 + n), u(m, (char)(n + 300)); C many[3] = {{n}, {4}, {m}}, *some = many;
            m = 9;
            for (int i = 0; i < 16; i++)
                b[i] += old * 5 + kept * 7 + again + c.get() + t.first() * t.y + u.x * u.y + v.got()
                    + (some + i % 3)->n;
            return c.n;
        }
    """,
    "bits changed in place": """
        #include "ap_int.h"
        TOP {
            ap_uint<8> w = n; ap_int<12> v = n;
            for (int i = 0; i < 16; i++) {
                w[i & 7] ^= a[i] & 1;
                w(5, 2) += 1; w(7, 3) -= i; w.range(6, 1) *= 3; v(9, 2) <<= 1; v(11, 6) /= 5; w(i & 7, 1) %= 7;
                w(6, 2) |= ap_uint<3>(i); w.range(3, 0) &= 11; v(10, 1) >>= 2; v[i % 12] |= w[2]; v[3] &= a[i] > 0;
                b[i] = w * 3 + v + AP_MAX(a[i], n) - AP_MIN(i, n) + AP_ABS(a[i]);
            }
            return w;
        }
    """,
    "objects that are made once, and members said by others": """
        struct Count { int n; constexpr Count(int x) : n(x) {} int next() { return n++; } };
        struct Two { int n; float more; constexpr Two(int x, float y) : n(x), more(y) {} };
        static int counted(int x) { static Count c(3);
            static const Count k[2] = {{5}, {6}}; static Two two(7, -0.5f); two.more++;
            return c.next() * x + k[x & 1].n + two.n * two.more * 4; }
        struct Said { int x = 4; int y = x * 2; enum { Most = 7 }; };
        struct Shared { static int total; int x; int all() const { return x + total; }
            Shared(int v) : x(v) { total += v; } };
        int Shared::total = 3;
        struct Other { int x; int go(int v) { Said s{v}; Said many[2] = {{v + 1}, {1, x}};
            return s.y * x + many[0].y + many[1].y; } };
        TOP {
            Said plain, said{n}; Other other{n};
            Shared::total = n;
            for (int i = 0; i < 16; i++)
                b[i] = counted(a[i]) + plain.y + said.y * 3 + other.go(i) + said.Most + Shared(i).all();
            return n;
        }
    """,
}


@pytest.mark.parametrize("kind", SOURCES)
def test_what_cpp_becomes_computes_the_same(kind: str) -> None:
    source = "\n".join(line.strip() for line in SOURCES[kind].replace("TOP", _TOP).split("\n"))
    numbers = random.Random(7)
    runs = [([numbers.randint(-1000, 1000) for _ in range(16)], number - 20) for number in range(50)]
    left, right = results(source, "top", runs)
    assert left == right
    assert len({str(row) for row in left}) > 10


def test_parts_of_a_concatenation_take_their_bits() -> None:
    source = """
        #include "ap_int.h"
        TOP {
            for (int i = 0; i < 16; i++) {
                ap_uint<16> x = a[i]; ap_uint<5> high; ap_int<3> middle; ap_uint<8> low; ap_uint<4> top = 0;
                PARTS
                b[i] = high * 3 + middle * 5 + low * n + top;
            }
            return n;
        }
    """.replace("TOP", _TOP)
    concatenated = "(high, middle, low) = x; (top(2, 1), low) = ap_uint<10>(low * n);"
    one_by_one = (
        "high = x.range(15, 11); middle = x.range(10, 8); low = x.range(7, 0);"
        "ap_uint<10> both = low * n; top(2, 1) = both.range(9, 8); low = both.range(7, 0);"
    )
    runs = [([17 * value + number for value in range(-8, 8)], number) for number in range(20)]
    parts = of_program(source.replace("PARTS", concatenated), "top", runs)
    assert parts == of_text(source.replace("PARTS", one_by_one), "top", runs)


def test_a_virtual_method_of_a_named_object_is_that_of_its_class() -> None:
    source = """
        struct Base { int k = 1; virtual int f(int x) const { return x + k; }
            int base(int x) const { return Base::f(x); } virtual int alone(int x) { return x * k; } };
        struct Derived : Base { int m[4]; Derived() { for (int i = 0; i < 4; i++) m[i] = i * i; k = 7; }
            int f(int x) const override { return Base::f(x) * m[x & 3]; } };
        static int through(Base &it, int x) { return it.alone(x); }
        TOP {
            Base plain; Derived derived; Derived many[2]; many[1].m[2] = n;
            for (int i = 0; i < 16; i++)
                b[i] = plain.f(a[i]) + derived.f(a[i]) - derived.base(i) + many[i & 1].f(a[i]) + through(derived, i);
            return derived.alone(n);
        }
    """.replace("TOP", _TOP)
    runs = [([value * number for value in range(-8, 8)], number) for number in range(20)]
    # A table of methods needs the C++ library's own run-time support: the text without the words does the same here.
    plain = source.replace("virtual ", "").replace(" override", "")
    assert of_program(source, "top", runs) == of_text(plain, "top", runs)


def test_a_vector_of_a_list_has_its_elements() -> None:
    source = f"""#include "hls_vector.h"
{_TOP} {{
    hls::vector<int, 3> x{{a[0], n, 4}};
    hls::vector<hls::vector<int, 2>, 2> rows{{{{1, n}}, {{a[1], 3}}}};
    for (int k = 0; k < 3; k++) b[k] = x[k] + rows[k & 1][k >> 1];
    return x[0];
}}
"""
    runs = [([number * 3, number - 4, 0], number) for number in range(5)]
    expected = [(3 * k, [3 * k, k - 4, 0], [3 * k + 1, k + k - 4, 4 + k]) for k in range(5)]
    assert of_program(source, "top", runs) == expected


def test_vectors_are_compared_as_words_in_a_dictionary_are() -> None:
    source = f"""#include "hls_vector.h"
{_TOP} {{
    hls::vector<int, 3> x, y;
    for (int k = 0; k < 3; k++) {{ x[k] = a[k]; y[k] = a[k + 3]; }}
    bool less = x < y;
    return less + 2 * (x <= y) + 4 * (x == y) + 8 * (x != y) + 16 * (x >= y) + 32 * (x > y);
}}
"""
    runs = [([number >> bit & 1 for bit in range(6)], 0) for number in range(64)]
    for (values, _), (result, _, _) in zip(runs, of_text(source, "top", runs), strict=True):
        x, y = values[:3], values[3:]
        kinds = (x < y, x <= y, x == y, x != y, x >= y, x > y)
        assert result == sum(said << bit for bit, said in enumerate(kinds))


def test_a_vector_counts_each_element_and_gives_what_it_was_where_the_sign_follows_it() -> None:
    source = f"""#include "hls_vector.h"
{_TOP} {{
    hls::vector<int, 3> x;
    for (int k = 0; k < 3; k++) x[k] = a[k];
    hls::vector<int, 3> was = x++, more = x--, first = ++x, last = --x;
    for (int k = 0; k < 3; k++) b[k] = was[k] + 100 * more[k] + 10000 * first[k] + 1000000 * last[k];
    return x[n];
}}
"""
    runs = [([number, 5 - number, 9], number) for number in range(3)]
    for (result, _, found), (values, number) in zip(of_text(source, "top", runs), runs, strict=True):
        assert result == values[number]
        assert found == [1010101 * value + 10100 for value in values]


_ALGORITHMS = """
    namespace loops {
        template <class T, class V> void fill(T *at, T *end, const V &x) { for (; at != end; ++at) *at = x; }
        template <class T, class N, class V> void fill_n(T *at, N n, V x) { for (N i = 0; i < n; i++) at[i] = x; }
        template <class T> T *copy(const T *at, const T *end, T *to) { while (at != end) *to++ = *at++; return to; }
        template <class T, class N> void copy_n(T *at, N n, T *to) { for (N i = 0; i < n; i++) to[i] = at[i]; }
    }
"""


@pytest.mark.parametrize(
    "source",
    [
        """
        LIBRARY
        #include <cmath>
        #include <cstring>
        static void fill(int *a, int *b, int n) { for (int i = 0; i < n; i++) a[i] = b[i] - n; }
        static void copy(int *a, int *b, int *c) { c[0] = a[0] * 3 + b[1]; }
        static float sqrt(int a, int b) { return a * b; }
        namespace my { static double fabs(double x) { return x * x; } static int abs(int x) { return x; }
            static void memcpy(int *a, int n) { a[0] += n; } }
        TOP {
            int t[4]; double exp = std::exp(0.25 * (n & 3)), copysign = std::copysign(exp, -1.0);
            std::fill(t, t + 4, 3); fill(b, a, 16); copy(a, b, t); std::copy(a, a + 4, b + 2);
            std::memcpy(b, t, sizeof(t)); my::memcpy(b, 4);
            b[9] = std::sqrt((double)(n & 15)) + sqrt(n, 2) + my::fabs(2.5) + my::abs(n);
            b[10] = std::abs(n) + std::fabs(0.5 - n);
            return t[2] + exp + copysign * 3;
        }
        """,
        """
        LIBRARY
        #include <iterator>
        static int next(int &x) { return x += 5; }
        TOP {
            int t[6], u[8]; float f[6]; short s[4]; unsigned k = 3; int m[2][8];
            std::fill(t, t + 6, a[1]); std::fill(std::begin(u), std::end(u), 0); std::fill(f, f + 6, n + 1);
            std::fill_n(f + 1, 2, 1.5f); std::fill_n(b, k, 9); std::fill(s, s + 4, 65536 + n);
            std::fill(u + k, u + k + 2, next(n));
            std::fill(&m[0][0], &m[0][0] + 16, 7); std::fill(&m[1][2], &m[1][k + 2], -1);
            int *p = std::copy(a + 1, a + 5, b + 3); p[0] = 4; std::copy_n(a, 3, t); std::copy(&a[2], &a[2] + k, t + 3);
            std::copy(b + 4, b + 8, b + 2);
            for (int i = 0; i < 6; i++) b[8 + i] = t[i] + 3 * u[i] + 5 * f[i] + s[i & 3] + 7 * m[i & 1][i + 1];
            return n;
        }
        """,
    ],
    ids=["beside the user's functions of their names", "parts of arrays"],
)
def test_algorithms_of_the_library_do_what_their_loops_do(source: str) -> None:
    source = source.replace("TOP", _TOP)
    loops = source
    for name in ("fill", "fill_n", "copy", "copy_n"):
        loops = loops.replace(f"std::{name}(", f"loops::{name}(")
    numbers = random.Random(7)
    runs = [([numbers.randint(-1000, 1000) for _ in range(16)], number - 20) for number in range(50)]
    expected = of_text(loops.replace("LIBRARY", _ALGORITHMS), "top", runs)
    assert of_program(source.replace("LIBRARY", "#include <algorithm>"), "top", runs) == expected


_LOOPS = """
    namespace loops {
        template <class T, class V> void iota(T *at, T *end, V x) { while (at != end) { *at++ = x; ++x; } }
        template <class T, class F> T *transform(T *at, T *end, T *to, F f) {
            while (at != end) *to++ = f(*at++); return to; }
        template <class T, class F> T *transform(T *at, T *end, T *by, T *to, F f) {
            while (at != end) *to++ = f(*at++, *by++); return to; }
        template <class T, class V> V accumulate(T *at, T *end, V x) { while (at != end) x = x + *at++; return x; }
        template <class T, class V, class F> V accumulate(T *at, T *end, V x, F f) {
            while (at != end) x = f(x, *at++); return x; }
        template <class T, class V> V inner_product(T *at, T *end, T *by, V x) {
            while (at != end) x = x + *at++ * *by++; return x; }
        template <class T> void reverse(T *at, T *end) { while (at < --end) { T x = *at; *at++ = *end; *end = x; } }
        template <class T> T *swap_ranges(T *at, T *end, T *by) { while (at != end) { T x = *at; *at++ = *by;
            *by++ = x; } return by; }
        struct less { template <class T> bool operator()(T x, T y) const { return x < y; } };
        template <class T, class F = less> T *min_element(T *at, T *end, F f = F()) {
            T *best = at; for (; at != end; ++at) if (f(*at, *best)) best = at; return best; }
        template <class T, class F = less> T *max_element(T *at, T *end, F f = F()) {
            T *best = at; for (; at != end; ++at) if (f(*best, *at)) best = at; return best; }
        template <class T, class F> long count_if(T *at, T *end, F f) { long n = 0;
            while (at != end) n += f(*at++) ? 1 : 0; return n; }
        template <class T> long count(T *at, T *end, T x) { return count_if(at, end, [x](T y) { return x == y; }); }
        template <class T, class F> T *find_if(T *at, T *end, F f) { while (at != end && !f(*at)) ++at; return at; }
        template <class T> T *find(T *at, T *end, T x) { return find_if(at, end, [x](T y) { return x == y; }); }
        template <class T, class F> bool all_of(T *at, T *end, F f) { return count_if(at, end, f) == end - at; }
        template <class T, class F> bool any_of(T *at, T *end, F f) { return count_if(at, end, f) > 0; }
        template <class T, class F> bool none_of(T *at, T *end, F f) { return count_if(at, end, f) == 0; }
        template <class T, class F> F for_each(T *at, T *end, F f) { while (at != end) f(*at++); return f; }
        template <class T> bool equal(T *at, T *end, T *by) {
            while (at != end) if (*at++ != *by++) return false; return true; }
    }
"""
_LOOPED = """
    LIBRARY
    static int twice(int x) { return x + x; }
    static bool big(const int &x) { return x > 50; }
    TOP {
        int t[16], k = n & 7, sum = 0, m[2][8]; float f[8]; short s[8];
        std::iota(t, t + 16, n); std::iota(f, f + 8, 0.5f); std::iota(&m[0][0], &m[0][0] + 16, k);
        for (int i = 0; i < 8; i++) s[i] = i * n;
        std::transform(a, a + 16, t, b, [k](int x, int y) { return x * k - y; });
        std::transform(a + 2, a + 6, b + 3, twice);
        std::transform(t, t + 4, t, t + 4, std::plus<int>());
        sum += std::accumulate(a, a + 16, 0) + std::accumulate(b + k, b + 16, 7, [&](int x, int y) {
            return x ^ (y + k); });
        sum += std::accumulate(f, f + 8, 0) + std::accumulate(s, s + k, sum) + std::accumulate(m[1], m[1] + 8, 1);
        sum += std::inner_product(a, a + 8, b + 2, n);
        std::reverse(t, t + 16); std::reverse(b + k, b + k + 3); std::reverse(s, s + k);
            std::reverse(&m[1][1], &m[1][1] + k);
        std::swap_ranges(a, a + k, b + 4);
        int least = *std::min_element(a, a + 16), at = std::max_element(b, b + 16) - b;
        int low = std::max_element(b + 1, b + 1 + k, [](int x, int y) { return x > y; }) - b;
        sum += least * 3 + at * 5 + low * 7;
        sum += std::count(a, a + 16, a[3]) + std::count_if(b, b + 16, big);
        int *hit = std::find(a, a + 16, a[k]); *hit += 1; if (std::find(a, a + 4, 12345) == a + 4) sum += 5;
        sum += std::find_if(a, a + k, big) - a;
        if (std::any_of(a, a + 16, [n](int x) { return x == n; })) sum += 9;
        if (std::all_of(b, b + k, big)) sum += 100;
        if (std::none_of(a, a + 3, big)) sum += 1000;
        std::for_each(b, b + 4, [](int &x) { x += 3; }); std::for_each(b, b + 4, [&](int x) { sum += x; });
        if (std::equal(a, a + 2, a + 1)) sum++;
        for (int i = 0; i < 16; i++) b[i] += t[i] + int(f[i & 7] * 2) + s[i & 7] + m[i & 1][i >> 1];
        auto often = [&](int x) { return std::count(t, t + 16, x); };
        auto where = [&] { return std::max_element(t, t + 16) - t; };
        sum += (t[k] = 99, std::accumulate(t, t + 16, 0)) + where() * 3 + often(t[2]);
        return sum;
    }
"""


def test_algorithms_of_the_library_are_read_as_their_loops() -> None:
    source = _LOOPED.replace("TOP", _TOP)
    numbers = random.Random(11)
    runs = [([numbers.randint(-100, 100) for _ in range(16)], number - 20) for number in range(50)]
    ours = source.replace("std::plus", "plus").replace("std::", "loops::").replace("plus<int>()", "std::plus<int>()")
    expected = of_text(ours.replace("LIBRARY", f"#include <functional>\n{_LOOPS}"), "top", runs)
    library = "#include <algorithm>\n#include <functional>\n#include <numeric>"
    assert of_program(source.replace("LIBRARY", library), "top", runs) == expected
