/* AES-256 encryption of one 16-byte block (FIPS-197, electronic codebook), round keys expanded on the way. */
/* The labels name the loops for reports and directives; no goto uses them. */
#pragma GCC diagnostic ignored "-Wunused-label"

typedef struct {
    unsigned char key[32];
    unsigned char enckey[32];
    unsigned char deckey[32];
} aes256_context;

const unsigned char sbox[256] = {
    0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76,
    0xca, 0x82, 0xc9, 0x7d, 0xfa, 0x59, 0x47, 0xf0, 0xad, 0xd4, 0xa2, 0xaf, 0x9c, 0xa4, 0x72, 0xc0,
    0xb7, 0xfd, 0x93, 0x26, 0x36, 0x3f, 0xf7, 0xcc, 0x34, 0xa5, 0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15,
    0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a, 0x07, 0x12, 0x80, 0xe2, 0xeb, 0x27, 0xb2, 0x75,
    0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, 0xa0, 0x52, 0x3b, 0xd6, 0xb3, 0x29, 0xe3, 0x2f, 0x84,
    0x53, 0xd1, 0x00, 0xed, 0x20, 0xfc, 0xb1, 0x5b, 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58, 0xcf,
    0xd0, 0xef, 0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85, 0x45, 0xf9, 0x02, 0x7f, 0x50, 0x3c, 0x9f, 0xa8,
    0x51, 0xa3, 0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5, 0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff, 0xf3, 0xd2,
    0xcd, 0x0c, 0x13, 0xec, 0x5f, 0x97, 0x44, 0x17, 0xc4, 0xa7, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73,
    0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88, 0x46, 0xee, 0xb8, 0x14, 0xde, 0x5e, 0x0b, 0xdb,
    0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c, 0xc2, 0xd3, 0xac, 0x62, 0x91, 0x95, 0xe4, 0x79,
    0xe7, 0xc8, 0x37, 0x6d, 0x8d, 0xd5, 0x4e, 0xa9, 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a, 0xae, 0x08,
    0xba, 0x78, 0x25, 0x2e, 0x1c, 0xa6, 0xb4, 0xc6, 0xe8, 0xdd, 0x74, 0x1f, 0x4b, 0xbd, 0x8b, 0x8a,
    0x70, 0x3e, 0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e, 0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e,
    0xe1, 0xf8, 0x98, 0x11, 0x69, 0xd9, 0x8e, 0x94, 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55, 0x28, 0xdf,
    0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68, 0x41, 0x99, 0x2d, 0x0f, 0xb0, 0x54, 0xbb, 0x16,
};

/* The next 32 bytes of the key schedule, in place; rc is the round constant. */
void aes_expandEncKey_1(unsigned char *k, unsigned char *rc)
{
    unsigned char i;

    k[0] ^= sbox[k[29]] ^ *rc;
    k[1] ^= sbox[k[30]];
    k[2] ^= sbox[k[31]];
    k[3] ^= sbox[k[28]];
    *rc = (unsigned char)((*rc << 1) ^ (((*rc >> 7) & 1) * 0x1b));

    exp1: for (i = 4; i < 16; i += 4) {
        k[i] ^= k[i - 4];
        k[i + 1] ^= k[i - 3];
        k[i + 2] ^= k[i - 2];
        k[i + 3] ^= k[i - 1];
    }

    k[16] ^= sbox[k[12]];
    k[17] ^= sbox[k[13]];
    k[18] ^= sbox[k[14]];
    k[19] ^= sbox[k[15]];

    exp2: for (i = 20; i < 32; i += 4) {
        k[i] ^= k[i - 4];
        k[i + 1] ^= k[i - 3];
        k[i + 2] ^= k[i - 2];
        k[i + 3] ^= k[i - 1];
    }
}

/* Adds the first 16 bytes of the key to the block and copies all 32 to the working key. */
void aes_addRoundKey_cpy_1(unsigned char *buf, unsigned char *key, unsigned char *cpk)
{
    unsigned char i = 16;

    cpkey: while (i--) {
        cpk[i] = key[i];
        buf[i] ^= cpk[i];
        cpk[16 + i] = key[16 + i];
    }
}

void aes_subBytes_1(unsigned char *buf)
{
    unsigned char i = 16;

    sub: while (i--) {
        buf[i] = sbox[buf[i]];
    }
}

/* The block is stored column after column: row n, the bytes n, n + 4, n + 8, n + 12, turns left by n. */
void aes_shiftRows_1(unsigned char *buf)
{
    unsigned char i;
    unsigned char j;

    i = buf[1];
    buf[1] = buf[5];
    buf[5] = buf[9];
    buf[9] = buf[13];
    buf[13] = i;

    i = buf[2];
    buf[2] = buf[10];
    buf[10] = i;
    j = buf[6];
    buf[6] = buf[14];
    buf[14] = j;

    j = buf[15];
    buf[15] = buf[11];
    buf[11] = buf[7];
    buf[7] = buf[3];
    buf[3] = j;
}

/* Twice x in GF(2^8). */
unsigned char rj_xtime_1(unsigned char x)
{
    return (unsigned char)((x & 0x80) ? (x << 1) ^ 0x1b : x << 1);
}

void aes_mixColumns_1(unsigned char *buf)
{
    unsigned char a;
    unsigned char b;
    unsigned char c;
    unsigned char d;
    unsigned char e;
    int _s_i;

    mix: for (_s_i = 0; _s_i <= 3; _s_i++) {
        int _in_s_i = 4 * _s_i;
        a = buf[_in_s_i];
        b = buf[_in_s_i + 1];
        c = buf[_in_s_i + 2];
        d = buf[_in_s_i + 3];
        e = a ^ b ^ c ^ d;
        buf[_in_s_i] ^= e ^ rj_xtime_1(a ^ b);
        buf[_in_s_i + 1] ^= e ^ rj_xtime_1(b ^ c);
        buf[_in_s_i + 2] ^= e ^ rj_xtime_1(c ^ d);
        buf[_in_s_i + 3] ^= e ^ rj_xtime_1(d ^ a);
    }
}

void aes_addRoundKey_1(unsigned char *buf, unsigned char *key)
{
    unsigned char i = 16;

    addkey: while (i--) {
        buf[i] ^= key[i];
    }
}

void aes256_encrypt_ecb(aes256_context *ctx, unsigned char k[32], unsigned char buf[16])
{
    unsigned char rcon = 1;
    unsigned char i;
    int _s_i_0;
    int _s_i;

    ecb1: for (_s_i_0 = 0; _s_i_0 <= 31; _s_i_0++) {
        ctx->deckey[_s_i_0] = k[_s_i_0];
        ctx->enckey[_s_i_0] = ctx->deckey[_s_i_0];
    }

#pragma ACCEL PIPELINE auto{__PIPE__L1}
    ecb2: for (i = 8; --i;) {
        aes_expandEncKey_1(ctx->deckey, &rcon);
    }

    aes_addRoundKey_cpy_1(buf, ctx->enckey, ctx->key);
    rcon = 1;

#pragma ACCEL PIPELINE auto{__PIPE__L2}
#pragma ACCEL TILE FACTOR=auto{__TILE__L2}
    ecb3: for (_s_i = 1; _s_i <= 13; _s_i++) {
        aes_subBytes_1(buf);
        aes_shiftRows_1(buf);
        aes_mixColumns_1(buf);
        if (_s_i & 1) {
            aes_addRoundKey_1(buf, &ctx->key[16]);
        } else {
            aes_expandEncKey_1(ctx->key, &rcon);
            aes_addRoundKey_1(buf, ctx->key);
        }
    }

    aes_subBytes_1(buf);
    aes_shiftRows_1(buf);
    aes_expandEncKey_1(ctx->key, &rcon);
    aes_addRoundKey_1(buf, ctx->key);
}
