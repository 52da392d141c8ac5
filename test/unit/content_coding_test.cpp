// Tests of content_coding.hpp.
#include "dynamodb/content_coding.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

namespace dynamodb {
namespace {

// windowBits: 31 makes gzip, 15 zlib ("deflate").
std::string compressed(std::string_view text, int window_bits) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - z.avail_out);
  deflateEnd(&z);
  return out;
}

std::string gzip(std::string_view text) { return compressed(text, 31); }

std::string some_json(std::size_t size) {
  std::string text = "{";
  for (unsigned i = 0; text.size() < size; ++i) text += "\"attribute" + std::to_string(i * 2654435761u) + "\":1,";
  return text.substr(0, size);
}

TEST(CheckCrc32, ComparesTheDecimalHeaderWithTheBody) {
  struct {
    const char* body;
    const char* header;
    bool ok;
  } const cases[] = {
      {"{}", "2745614147", true},         // what the service sends with an empty object
      {"123456789", "3421780262", true},  // the check value of CRC-32 (0xcbf43926)
      {"", "0", true},
      {"{}", "", true},  // the service left it out
      {"{}", "2745614148", false},
      {"{} ", "2745614147", false},
      {"{}", "0xa3a6bf43", false},
      {"{}", "2745614147x", false},
      {"{}", " 2745614147", false},
      {"{}", "-1", false},
      {"{}", "99999999999999999999", false},
  };
  for (const auto& c : cases) {
    const auto error = check_crc32(c.body, c.header);
    EXPECT_EQ(!error, c.ok) << c.body << " " << c.header;
    if (error) {
      EXPECT_EQ(error->kind, ErrorKind::corrupt_response);
      EXPECT_TRUE(error->retryable());
    }
  }
}

TEST(ContentDecoder, NeedsToDecodeWhatIsEncoded) {
  EXPECT_FALSE(ContentDecoder::needed(""));
  EXPECT_FALSE(ContentDecoder::needed("identity"));
  EXPECT_TRUE(ContentDecoder::needed("gzip"));
  EXPECT_TRUE(ContentDecoder::needed("br"));
}

TEST(ContentDecoder, DecodesGzipAndDeflateOfEverySize) {
  ContentDecoder decoder;  // one for all: it must start anew each time
  for (std::size_t size : {0, 1, 5, 17, 4095, 4096, 4097, 65536, 1000000}) {
    const std::string text = some_json(size);
    for (const auto& [encoding, window_bits] :
         {std::pair("gzip", 31), std::pair("x-gzip", 31), std::pair("deflate", 15)}) {
      BodyBuffer out;
      const auto error = decoder.decode(encoding, compressed(text, window_bits), out);
      ASSERT_FALSE(error) << encoding << " " << size << " " << error->message;
      EXPECT_TRUE(out.view() == text) << encoding << " " << size;
    }
  }
}

TEST(ContentDecoder, ReplacesWhatTheBufferHeldAndKeepsItsMemory) {
  ContentDecoder decoder;
  BodyBuffer out;
  ASSERT_TRUE(out.reserve(100000));
  ASSERT_TRUE(out.append("old contents", 12));
  const char* memory = out.data();
  ASSERT_FALSE(decoder.decode("gzip", gzip(some_json(50000)), out));
  EXPECT_TRUE(out.view() == some_json(50000));
  EXPECT_EQ(out.data(), memory);
}

TEST(ContentDecoder, TheLengthInTheTrailerIsNotTrusted) {
  const std::string text = some_json(300000);
  for (uint32_t pretended : {uint32_t{0}, uint32_t{1}, uint32_t{0xffffffff}}) {
    std::string body = gzip(text);
    for (std::size_t i = 0; i < 4; ++i) body[body.size() - 4 + i] = static_cast<char>(pretended >> (8 * i));
    ContentDecoder decoder;
    BodyBuffer out;
    const auto error = decoder.decode("gzip", body, out);  // zlib compares the length at the end
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind, ErrorKind::corrupt_response);
    EXPECT_LE(out.capacity(), std::size_t{5} << 20);
  }
}

TEST(ContentDecoder, EveryTruncationAndEveryFlippedBitIsNoticed) {
  const std::string text = some_json(200);
  const std::string whole = gzip(text);
  ContentDecoder decoder;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    BodyBuffer out;
    const auto error = decoder.decode("gzip", whole.substr(0, length), out);
    ASSERT_TRUE(error) << length;
    EXPECT_EQ(error->kind, ErrorKind::corrupt_response) << length;
  }
  for (std::size_t at = 10; at < whole.size(); ++at) {  // the ten bytes of the header hold time and system
    for (int bit = 0; bit < 8; ++bit) {
      std::string body = whole;
      body[at] = static_cast<char>(body[at] ^ (1 << bit));
      BodyBuffer out;
      const bool accepted = !decoder.decode("gzip", body, out);
      EXPECT_TRUE(!accepted || out.view() == text) << at << " " << bit;
    }
  }
}

TEST(ContentDecoder, RefusesWhatIsNotCompressedOrHasMoreBehindIt) {
  for (const std::string& body :
       {std::string("{\"Count\":1}"), std::string(1000, '\0'), gzip("{}") + "x", gzip("{}") + gzip("{}")}) {
    ContentDecoder decoder;
    BodyBuffer out;
    const auto error = decoder.decode("gzip", body, out);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind, ErrorKind::corrupt_response);
  }
}

TEST(ContentDecoder, RefusesUnknownEncodings) {
  ContentDecoder decoder;
  BodyBuffer out;
  const auto error = decoder.decode("br", "x", out);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::not_dynamodb);
  EXPECT_NE(error->message.find("\"br\""), std::string::npos);
}

TEST(ContentDecoder, TheLimitIsExact) {
  const std::string body = gzip(std::string(100000, 'x'));
  ContentDecoder decoder;
  BodyBuffer fits;
  EXPECT_FALSE(decoder.decode("gzip", body, fits, 100000));
  BodyBuffer too_long;
  const auto error = decoder.decode("gzip", body, too_long, 99999);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::response_too_large);
}

TEST(ContentDecoder, RefusesABombBeforeItFillsTheMemory) {
  const std::string bomb = gzip(std::string(kMaxResponseBytes + (16 << 20), '0'));
  ASSERT_LT(bomb.size(), std::size_t{100000});
  ContentDecoder decoder;
  BodyBuffer out;
  const auto error = decoder.decode("gzip", bomb, out);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::response_too_large);
  EXPECT_NE(error->message.find("64 MB"), std::string::npos) << error->message;
  EXPECT_LE(out.capacity(), kMaxResponseBytes + 1);
}

}  // namespace
}  // namespace dynamodb
