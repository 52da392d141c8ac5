// Limits of the service and of this library, with their sources.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>

namespace dynamodb {

// --- the service (Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB")
inline constexpr int kMaxScanSegments = 1'000'000;
inline constexpr int kMaxNumberDigits = 38;      ///< significant digits
inline constexpr int kMinNumberExponent = -130;  ///< smallest magnitude 1E-130
inline constexpr int kMaxNumberExponent = 125;   ///< largest magnitude 9.99…E+125
inline constexpr std::size_t kMaxPartitionKeyBytes = 2048;
inline constexpr std::size_t kMaxSortKeyBytes = 1024;
inline constexpr std::size_t kMaxAttributeNameBytes = 65535;
inline constexpr int kMaxItemNesting = 32;  ///< levels of values in an item, and of a path in an expression
/// Levels of L and M in an attribute: what is in the innermost one is the last level. (An empty one counts the same;
/// DynamoDB Local refuses the 32nd, too.)
inline constexpr int kMaxContainerNesting = kMaxItemNesting - 1;
inline constexpr double kMaxPageBytes = 1 << 20;  ///< of items in a page of a Query or Scan
inline constexpr int kBatchGetItemKeys = 100;
inline constexpr int kBatchWriteItems = 25;
inline constexpr int kTransactionItems = 100;
inline constexpr std::size_t kMaxItemBytes = std::size_t{400} << 10;       ///< names and values
inline constexpr std::size_t kMaxTransactionBytes = std::size_t{4} << 20;  ///< of the items of a TransactWriteItems
inline constexpr std::size_t kMaxRequestBytes = std::size_t{16} << 20;     ///< of a BatchWriteItem
inline constexpr int kListTablesPage = 100;

// --- this library
/// A response body, after decompression, is at most this long. A page holds 1 MB of item data; its JSON can be longer
/// by the type tags and by escapes, at worst some fourteen times. (16 MB of a BatchGetItem can be too long.)
inline constexpr std::size_t kMaxResponseBytes = std::size_t{64} << 20;
/// Answers that are never long are not read beyond these. A description names at most some hundred attributes; a page
/// of ListTables 100 tables.
inline constexpr std::size_t kMaxDescriptionBytes = std::size_t{4} << 20;
/// The pages of ListTables that one IMPORT follows. An account has at most 10,000 tables in a region by default.
inline constexpr int kMaxListTablesPages = 1'000;
/// A BatchWriteItem may give back all that was sent.
inline constexpr std::size_t kMaxWriteAnswerBytes = kMaxRequestBytes + (std::size_t{8} << 20);
inline constexpr std::size_t kMaxCredentialsBytes = std::size_t{1} << 20;
/// What the service wants to see again: ten key attributes at most, each with a name of 255 bytes and a value of 2048,
/// and up to six bytes of JSON for one.
inline constexpr std::size_t kMaxStartKeyBytes = std::size_t{256} << 10;
/// JSON may write a byte with so many: how much longer the same can come back.
inline constexpr std::size_t kMostBytesOfEscape = 6;
/// Nesting accepted when decoding an item; each level of L or M costs two in typed JSON.
inline constexpr int kMaxDecodeNesting = 2 * kMaxItemNesting + 8;

}  // namespace dynamodb
