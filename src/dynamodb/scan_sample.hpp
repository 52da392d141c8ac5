// Which segments of a table to scan for a random sample of its items.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstdint>
#include <vector>

#include "dynamodb/clock.hpp"
#include "dynamodb/page_stream.hpp"
#include "dynamodb/request.hpp"

namespace dynamodb {

/// Segments of a Scan; all of them, or some chosen at random.
struct ScanSample {
  bool whole = false;            ///< all segments: the table is small, or nobody knows how large it is
  uint32_t segments = 1;         ///< in which the table is divided
  std::vector<uint32_t> chosen;  ///< ascending
};

/// For a sample of about `wanted` items of a table with about `item_count` (0: not known). A small table is read whole,
/// by `whole_segments` at once; of a large one enough random segments, one out of each of equal stretches of all, small
/// enough to come from many partitions. REQUIRES: wanted > 0, whole_segments > 0.
ScanSample choose_scan_sample(double item_count, double wanted, int whole_segments, Random& random = system_random());

/// The Scan of these segments.
RequestSet scan_sample_requests(const ScanSample& sample, const ReadRequest& request);

}  // namespace dynamodb
