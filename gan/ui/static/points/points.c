// Products and updates of small fully connected networks, in WebAssembly SIMD; `npm run wasm` builds points.wasm of it.
//
// Matrices are float32, row by row; the number of columns is a multiple of 8, columns that a network does not have are
// zero and stay zero. Nothing is allocated here: memory.mjs lays out the memory.
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) void name
#define INLINE static inline __attribute__((always_inline))

typedef v128_t V; // four float32

INLINE V load(const float *at) { return wasm_v128_load(at); }
INLINE V splat(const float *at) { return wasm_v128_load32_splat(at); }
INLINE void store(float *at, V v) { wasm_v128_store(at, v); }
INLINE V all(float x) { return wasm_f32x4_splat(x); }
INLINE V add(V a, V b) { return wasm_f32x4_add(a, b); }
INLINE V sub(V a, V b) { return wasm_f32x4_sub(a, b); }
INLINE V mul(V a, V b) { return wasm_f32x4_mul(a, b); }

#define SLOPE 0.2f // of the leaky ReLU

// c (m, n) = bias (n), or 0 without, + a (m, k) b (k, n); element (i, p) of a lies at a[i * row + p * column], so that
// a may also be read as its transpose. m is at least 4: the last four rows overlap those before.
EXPORT(product)(const float *a, int row, int column, const float *b, const float *bias, float *c, int m, int k, int n) {
  for (int j = 0; j < n; j += 8) {
    const V b0 = bias ? load(bias + j) : all(0), b1 = bias ? load(bias + j + 4) : all(0);
    for (int next = 0; next < m; next += 4) {
      const int i = next + 4 <= m ? next : m - 4;
      V s[4][2] = {{b0, b1}, {b0, b1}, {b0, b1}, {b0, b1}};
      const float *from = a + i * row, *weight = b + j;
      for (int p = 0; p < k; p++, from += column, weight += n) {
        const V w0 = load(weight), w1 = load(weight + 4);
#pragma unroll
        for (int r = 0; r < 4; r++) {
          const V v = splat(from + r * row);
          s[r][0] = add(s[r][0], mul(v, w0));
          s[r][1] = add(s[r][1], mul(v, w1));
        }
      }
#pragma unroll
      for (int r = 0; r < 4; r++) {
        store(c + (i + r) * n + j, s[r][0]);
        store(c + (i + r) * n + j + 4, s[r][1]);
      }
    }
  }
}

// b (n, m) = a (m, n) transposed.
EXPORT(transpose)(const float *a, float *b, int m, int n) {
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) b[j * m + i] = a[i * n + j];
  }
}

EXPORT(leaky)(float *x, int n) {
  for (int i = 0; i < n; i += 4) store(x + i, wasm_f32x4_pmax(load(x + i), mul(load(x + i), all(SLOPE))));
}

// x times the slope of the leaky ReLU whose output is h.
EXPORT(slope)(float *x, const float *h, int n) {
  for (int i = 0; i < n; i += 4) {
    const V v = load(x + i);
    store(x + i, wasm_v128_bitselect(v, mul(v, all(SLOPE)), wasm_f32x4_gt(load(h + i), all(0))));
  }
}

// to (m, n) = h (m, n), each row times its number of c (m), plus t (m, n) if there is one.
EXPORT(weigh)(const float *h, const float *c, const float *t, float *to, int m, int n) {
  for (int i = 0; i < m; i++) {
    const V v = splat(c + i);
    for (int j = i * n; j < i * n + n; j += 4) {
      const V weighed = mul(v, load(h + j));
      store(to + j, t ? add(weighed, load(t + j)) : weighed);
    }
  }
}

// to (n) = the sum of the rows of x (m, n), each times its number of c (m).
EXPORT(sum_rows)(const float *x, const float *c, float *to, int m, int n) {
  for (int j = 0; j < n; j += 4) {
    V s = all(0);
    for (int i = 0; i < m; i++) s = add(s, mul(splat(c + i), load(x + i * n + j)));
    store(to + j, s);
  }
}

// The sum of squares of x (n).
__attribute__((export_name("squares"))) float squares(const float *x, int n) {
  V s = all(0);
  for (int i = 0; i < n; i += 4) s = add(s, mul(load(x + i), load(x + i)));
  return (wasm_f32x4_extract_lane(s, 0) + wasm_f32x4_extract_lane(s, 1)) +
         (wasm_f32x4_extract_lane(s, 2) + wasm_f32x4_extract_lane(s, 3));
}

INLINE V mean_square(float *squared, V g, float beta2) {
  const V v = add(mul(all(beta2), load(squared)), mul(all(1 - beta2), mul(g, g)));
  store(squared, v);
  return wasm_f32x4_sqrt(v);
}

// Updates of weights w (n) by gradients g, as torch has them. first, second: the state of each.

// rate: the learning rate over 1 - beta1^t; scale: 1 over the root of 1 - beta2^t.
EXPORT(adam)(float *w, const float *g, float *first, float *second, int n, float rate, float beta1, float beta2, float scale) {
  for (int i = 0; i < n; i += 4) {
    const V v = load(g + i), root = mean_square(second + i, v, beta2);
    const V m = add(load(first + i), mul(all(1 - beta1), sub(v, load(first + i))));
    store(first + i, m);
    store(w + i, sub(load(w + i), wasm_f32x4_div(mul(all(rate), m), add(mul(root, all(scale)), all(1e-8f)))));
  }
}

EXPORT(rmsprop)(float *w, const float *g, float *first, float *second, int n, float rate, float momentum, float alpha) {
  for (int i = 0; i < n; i += 4) {
    const V v = load(g + i), root = mean_square(second + i, v, alpha);
    const V m = add(mul(all(momentum), load(first + i)), wasm_f32x4_div(v, add(root, all(1e-8f))));
    store(first + i, m);
    store(w + i, sub(load(w + i), mul(all(rate), m)));
  }
}

EXPORT(sgd)(float *w, const float *g, float *first, int n, float rate, float momentum) {
  for (int i = 0; i < n; i += 4) {
    const V m = add(mul(all(momentum), load(first + i)), load(g + i));
    store(first + i, m);
    store(w + i, sub(load(w + i), mul(all(rate), m)));
  }
}

// w (n) kept in [-most, most].
EXPORT(clip)(float *w, int n, float most) {
  for (int i = 0; i < n; i += 4) store(w + i, wasm_f32x4_pmax(wasm_f32x4_pmin(load(w + i), all(most)), all(-most)));
}

// average (n) a share of the way to w (n).
EXPORT(follow)(float *average, const float *w, int n, float share) {
  for (int i = 0; i < n; i += 4) {
    const V v = load(average + i);
    store(average + i, add(v, mul(all(share), sub(load(w + i), v))));
  }
}
