// Line buffers and windows of pixels of Vivado HLS (UG902, "Memory Line Buffer" and "Memory Window"), and its images.
#pragma once
#include "ap_axi_sdata.h"
#include "ap_common.h"
#include "hls_math.h"
#include "hls_stream.h"
#include <cassert>
#include <cstddef>
namespace hls {
template <int ROWS, int COLS, class T> class Window {
  public:
    T val[ROWS][COLS];
    Window() {}
    T &getval(int row, int col) { return val[row][col]; }
    T &operator()(int row, int col) { return val[row][col]; }
    void insert(T value, int row, int col) { val[row][col] = value; }
    void insert_pixel(T value, int row, int col) { val[row][col] = value; }
    void shift_pixels_left() {
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < COLS - 1; j++) val[i][j] = val[i][j + 1];
    }
    void shift_pixels_right() {
        for (int i = 0; i < ROWS; i++)
            for (int j = COLS - 1; j > 0; j--) val[i][j] = val[i][j - 1];
    }
    void shift_pixels_up() {
        for (int i = 0; i < ROWS - 1; i++)
            for (int j = 0; j < COLS; j++) val[i][j] = val[i + 1][j];
    }
    void shift_pixels_down() {
        for (int i = ROWS - 1; i > 0; i--)
            for (int j = 0; j < COLS; j++) val[i][j] = val[i - 1][j];
    }
    void shift_left();
    void shift_right();
    void shift_up();
    void shift_down();
    void insert_top_row(T *);
    void insert_bottom_row(T *);
    void insert_left_col(T *);
    void insert_right_col(T *);
    void insert_row(T *, int);
    void insert_col(T *, int);
};
template <int ROWS, int COLS, class T, int RESHAPE = 0> class LineBuffer {
  public:
    T val[ROWS][COLS];
    LineBuffer() {}
    T &getval(int row, int col) { return val[row][col]; }
    T &operator()(int row, int col) { return val[row][col]; }
    void shift_pixels_up(int col) {
        for (int i = 0; i < ROWS - 1; i++) val[i][col] = val[i + 1][col];
    }
    void shift_pixels_down(int col) {
        for (int i = ROWS - 1; i > 0; i--) val[i][col] = val[i - 1][col];
    }
    void shift_up(int);
    void shift_down(int);
    void insert_top(T value, int col) { val[0][col] = value; }
    void insert_top_row(T value, int col) { val[0][col] = value; }
    void insert_bottom(T value, int col) { val[ROWS - 1][col] = value; }
    void insert_bottom_row(T value, int col) { val[ROWS - 1][col] = value; }
    void get_col(T *, int);
    void insert_col(T *, int);
};
template <int N, class T> class Scalar {
  public:
    T val[N];
    Scalar() {}
    Scalar(T);
    Scalar(T, T);
    Scalar(T, T, T);
    Scalar(T, T, T, T);
};
} // namespace hls
