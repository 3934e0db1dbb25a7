// The layers of gan/networks/resnet.py for one picture, in WebAssembly SIMD; `npm run wasm` builds net.wasm of it.
//
// Maps are float32 (height, width, channels). The one that a 3x3 convolution reads has a border of one zero pixel
// around it, "padded". Nothing is allocated here: net.mjs lays out the memory, and calls layer by layer.
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) void name
#define INLINE static inline __attribute__((always_inline))

typedef v128_t V; // four float32

INLINE V load(const float *at) { return wasm_v128_load(at); }
INLINE V splat(const float *at) { return wasm_v128_load32_splat(at); }
INLINE void store(float *at, V v) { wasm_v128_store(at, v); }
INLINE V add(V a, V b) { return wasm_f32x4_add(a, b); }
INLINE V mul(V a, V b) { return wasm_f32x4_mul(a, b); }
INLINE V leaky(V x) { return wasm_f32x4_pmax(x, mul(x, wasm_f32x4_splat(0.2f))); }

// y (n) = b (n) + x (m) w (m, n); n is a multiple of 16. Of class weights most are 0.
EXPORT(dense)(const float *x, const float *w, const float *b, float *y, int m, int n) {
  for (int j = 0; j < n; j += 16) {
    V s0 = load(b + j), s1 = load(b + j + 4), s2 = load(b + j + 8), s3 = load(b + j + 12);
    for (int i = 0; i < m; i++) {
      if (x[i] == 0) continue;
      const float *row = w + i * n + j;
      const V v = splat(x + i);
      s0 = add(s0, mul(v, load(row)));
      s1 = add(s1, mul(v, load(row + 4)));
      s2 = add(s2, mul(v, load(row + 8)));
      s3 = add(s3, mul(v, load(row + 12)));
    }
    store(y + j, s0);
    store(y + j + 4, s1);
    store(y + j + 8, s2);
    store(y + j + 12, s3);
  }
}

// The leaky ReLU of x (h, w, c) into the inside of a padded map; c is a multiple of 4.
EXPORT(activate)(const float *x, float *padded, int h, int w, int c) {
  for (int i = 0; i < h; i++) {
    float *row = padded + ((i + 1) * (w + 2) + 1) * c;
    for (int k = 0; k < w * c; k += 4, x += 4) store(row + k, leaky(load(x)));
  }
}

// A 3x3 convolution of padded x with k (co/8, 3, 3, ci, 8) and bias b (co); co is a multiple of 8, w at least 4.
// Eight channels of four pixels at a time: where w is no multiple of four, the last four overlap those before.
INLINE void convolve(const float *x, const float *k, const float *b, float *y, int h, int w, int ci, int co, int sum) {
  for (int o = 0; o < co; o += 8, k += 72 * ci) {
    const V b0 = load(b + o), b1 = load(b + o + 4);
    for (int i = 0; i < h; i++) {
      for (int next = 0; next < w; next += 4) {
        const int j = next + 4 <= w ? next : w - 4;
        V s[4][2] = {{b0, b1}, {b0, b1}, {b0, b1}, {b0, b1}};
        const float *weight = k;
        for (int u = 0; u < 3; u++) {
          const float *pixel = x + ((i + u) * (w + 2) + j) * ci;
          for (int t = 0; t < 3 * ci; t++, pixel++, weight += 8) { // three neighbours lie side by side
            const V w0 = load(weight), w1 = load(weight + 4);
#pragma unroll
            for (int n = 0; n < 4; n++) {
              const V v = splat(pixel + n * ci);
              s[n][0] = add(s[n][0], mul(v, w0));
              s[n][1] = add(s[n][1], mul(v, w1));
            }
          }
        }
#pragma unroll
        for (int n = 0; n < 4; n++) {
          if (sum) {
            if (j + n < next) continue; // was added with the four before
            float *to = y + (i * w + j + n) * co + o;
            store(to, add(load(to), s[n][0]));
            store(to + 4, add(load(to + 4), s[n][1]));
          } else {
            float *to = y + ((i + 1) * (w + 2) + j + n + 1) * co + o;
            store(to, leaky(s[n][0]));
            store(to + 4, leaky(s[n][1]));
          }
        }
      }
    }
  }
}

// The first convolution of a residual block, with the leaky ReLU after it: into padded y.
EXPORT(conv_activate)(const float *x, const float *k, const float *b, float *y, int h, int w, int ci, int co) {
  convolve(x, k, b, y, h, w, ci, co, 0);
}

// The second one: added to y (h, w, co).
EXPORT(conv_add)(const float *x, const float *k, const float *b, float *y, int h, int w, int ci, int co) {
  convolve(x, k, b, y, h, w, ci, co, 1);
}

// A 1x1 convolution: y (n, co) = x (n, ci) k (ci, co); co is a multiple of 4.
EXPORT(project)(const float *x, const float *k, float *y, int n, int ci, int co) {
  for (int i = 0; i < n; i++, x += ci, y += co) {
    int o = 0;
    for (; o + 16 <= co; o += 16) {
      V s0 = wasm_f32x4_splat(0), s1 = s0, s2 = s0, s3 = s0;
      for (int t = 0; t < ci; t++) {
        const float *row = k + t * co + o;
        const V v = splat(x + t);
        s0 = add(s0, mul(v, load(row)));
        s1 = add(s1, mul(v, load(row + 4)));
        s2 = add(s2, mul(v, load(row + 8)));
        s3 = add(s3, mul(v, load(row + 12)));
      }
      store(y + o, s0);
      store(y + o + 4, s1);
      store(y + o + 8, s2);
      store(y + o + 12, s3);
    }
    for (; o < co; o += 4) {
      V s = wasm_f32x4_splat(0);
      for (int t = 0; t < ci; t++) s = add(s, mul(splat(x + t), load(k + t * co + o)));
      store(y + o, s);
    }
  }
}

// Bilinear, to twice the side, as torch with align_corners=False: x (h, w, c) to y (2h, 2w, c); c a multiple of 4.
EXPORT(enlarge)(const float *x, float *y, int h, int w, int c) {
  const V near = wasm_f32x4_splat(0.75f), far = wasm_f32x4_splat(0.25f);
  for (int i = 0; i < 2 * h; i++) {
    const int i0 = i / 2, i1 = i % 2 ? (i0 + 1 < h ? i0 + 1 : i0) : (i0 ? i0 - 1 : 0);
    for (int j = 0; j < 2 * w; j++) {
      const int j0 = j / 2, j1 = j % 2 ? (j0 + 1 < w ? j0 + 1 : j0) : (j0 ? j0 - 1 : 0);
      const float *a = x + (i0 * w + j0) * c, *b = x + (i0 * w + j1) * c;
      const float *d = x + (i1 * w + j0) * c, *e = x + (i1 * w + j1) * c;
      for (int t = 0; t < c; t += 4, y += 4) {
        const V upper = add(mul(near, load(a + t)), mul(far, load(b + t)));
        const V lower = add(mul(near, load(d + t)), mul(far, load(e + t)));
        store(y, add(mul(near, upper), mul(far, lower)));
      }
    }
  }
}

// One number of a 3x3 convolution: the padded map's (_, w + 2, ci) 3x3 pixels from x on, with weight (3, 3, ci).
INLINE float dot(const float *x, const float *weight, int w, int ci) {
  V s = wasm_f32x4_splat(0);
  for (int u = 0; u < 3; u++) {
    const float *row = x + u * (w + 2) * ci;
    for (int t = 0; t < 3 * ci; t += 4, weight += 4) s = add(s, mul(load(row + t), load(weight)));
  }
  return (wasm_f32x4_extract_lane(s, 0) + wasm_f32x4_extract_lane(s, 1)) +
         (wasm_f32x4_extract_lane(s, 2) + wasm_f32x4_extract_lane(s, 3));
}

// What a convolution, of k (n, 3, 3, ci) and b (n), says of n colours (n, co): how far the picture goes towards each.
typedef struct {
  const float *k, *b, *colours;
  int n;
} Palette;

// The last 3x3 convolution, of padded x with k (co, 3, 3, ci) and b (co), to pixels (h, w, 4) as `to_uint8` makes them
// of [-1, 1]; co is 1 or 3, ci a multiple of 4. `soft_clamp` changes only values that become 0 or 255 anyway.
// base: where not null, a padded map whose first co of c channels are added, and mixed with the palette, if there is one.
static __attribute__((noinline)) void to_pixels(const float *x, const float *k, const float *b, const float *base, int c, const Palette *palette,
                      unsigned char *rgba, int h, int w, int ci, int co) {
  for (int i = 0; i < h; i++) {
    for (int j = 0; j < w; j++, rgba += 4) {
      const float *here = x + (i * (w + 2) + j) * ci, *below = base ? base + ((i + 1) * (w + 2) + j + 1) * c : 0;
      float values[3];
      for (int o = 0; o < co; o++) values[o] = b[o] + dot(here, k + o * 9 * ci, w, ci) + (below ? below[o] : 0);
      for (int m = 0; palette && m < palette->n; m++) {
        const float mix = palette->b[m] + dot(here, palette->k + m * 9 * ci, w, ci);
        for (int o = 0; o < co; o++) values[o] += mix * (palette->colours[m * co + o] - below[o]);
      }
      for (int o = 0; o < co; o++) {
        float v = values[o] > -1 ? values[o] : -1; // also where it is no number
        v = v < 1 ? v : 1;
        rgba[o] = (unsigned char)__builtin_rintf((v + 1) * 127.5f);
      }
      if (co == 1) rgba[1] = rgba[2] = rgba[0];
      rgba[3] = 255;
    }
  }
}

EXPORT(paint)(const float *x, const float *k, const float *b, unsigned char *rgba, int h, int w, int ci, int co) {
  to_pixels(x, k, b, 0, 0, 0, rgba, h, w, ci, co);
}

// What a translator (gan/networks/unet.py) has besides.

// The last convolution, of a change to the first co channels of the padded picture (h, w, c).
EXPORT(paint_change)(const float *x, const float *k, const float *b, const float *picture, int c, unsigned char *rgba,
                     int h, int w, int ci, int co) {
  to_pixels(x, k, b, picture, c, 0, rgba, h, w, ci, co);
}

// The same (gan/networks/palette.py, borrowed.py), and towards n colours (n, co) by a convolution with mix_k (n, 3, 3, ci), mix_b (n).
EXPORT(paint_palette)(const float *x, const float *k, const float *b, const float *picture, int c, const float *mix_k,
                      const float *mix_b, const float *colours, int n, unsigned char *rgba, int h, int w, int ci, int co) {
  const Palette palette = {mix_k, mix_b, colours, n};
  to_pixels(x, k, b, picture, c, &palette, rgba, h, w, ci, co);
}

// A 4x4 convolution with stride 2 of padded x (2h, 2w, ci) with k (co/8, 4, 4, ci, 8) and bias b (co), to y (h, w, co);
// co is a multiple of 8, w at least 4. Four pixels at a time, as in `convolve`.
EXPORT(halve)(const float *x, const float *k, const float *b, float *y, int h, int w, int ci, int co) {
  for (int o = 0; o < co; o += 8, k += 128 * ci) {
    const V b0 = load(b + o), b1 = load(b + o + 4);
    for (int i = 0; i < h; i++) {
      for (int next = 0; next < w; next += 4) {
        const int j = next + 4 <= w ? next : w - 4;
        V s[4][2] = {{b0, b1}, {b0, b1}, {b0, b1}, {b0, b1}};
        const float *weight = k;
#pragma clang loop unroll(disable)
        for (int u = 0; u < 4; u++) {
          const float *pixel = x + ((2 * i + u) * (2 * w + 2) + 2 * j) * ci;
          for (int t = 0; t < 4 * ci; t++, pixel++, weight += 8) { // four neighbours lie side by side
            const V w0 = load(weight), w1 = load(weight + 4);
#pragma unroll
            for (int n = 0; n < 4; n++) {
              const V v = splat(pixel + 2 * n * ci);
              s[n][0] = add(s[n][0], mul(v, w0));
              s[n][1] = add(s[n][1], mul(v, w1));
            }
          }
        }
#pragma unroll
        for (int n = 0; n < 4; n++) {
          store(y + (i * w + j + n) * co + o, s[n][0]);
          store(y + (i * w + j + n) * co + o + 4, s[n][1]);
        }
      }
    }
  }
}

// y (n) += x (n); n is a multiple of 4.
EXPORT(add_map)(const float *x, float *y, int n) {
  for (int i = 0; i < n; i += 4) store(y + i, add(load(y + i), load(x + i)));
}
