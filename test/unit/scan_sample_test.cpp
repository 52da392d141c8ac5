// Tests of scan_sample.
#include "dynamodb/scan_sample.hpp"

#include <gtest/gtest.h>

#include <set>

#include "dynamodb/limits.hpp"

namespace dynamodb {
namespace {

class Chances final : public Random {
 public:
  explicit Chances(double chance) : chance_(chance) {}
  double next() noexcept override { return chance_; }

 private:
  double chance_;
};

TEST(ScanSample, ReadsSmallTablesWhole) {
  Random& random = system_random();
  for (double items : {0.0, 1.0, 1000.0, 1500.0}) {
    ScanSample sample = choose_scan_sample(items, 1000, 3, random);
    EXPECT_TRUE(sample.whole) << items;
    EXPECT_EQ(sample.segments, 3u);
    EXPECT_EQ(sample.chosen, (std::vector<uint32_t>{0, 1, 2}));
  }
  EXPECT_FALSE(choose_scan_sample(1501, 1000, 3, random).whole);
}

TEST(ScanSample, ChoosesOneSegmentOfEachStretch) {
  for (double chance : {0.0, 0.5, 0.999999}) {
    Chances random(chance);
    for (double items : {1600.0, 20000.0, 1e6, 5e9, 1e13}) {
      ScanSample sample = choose_scan_sample(items, 1000, 8, random);
      EXPECT_FALSE(sample.whole);
      EXPECT_LE(sample.segments, static_cast<uint32_t>(kMaxScanSegments));
      std::set<uint32_t> different(sample.chosen.begin(), sample.chosen.end());
      EXPECT_EQ(different.size(), sample.chosen.size()) << items;
      EXPECT_LT(*different.rbegin(), sample.segments) << items;
      // Large enough for the sample, but not by far.
      const double share = static_cast<double>(sample.chosen.size()) / sample.segments;
      EXPECT_GE(share * items, 1000) << items;
      if (items <= 1e6) {
        EXPECT_LE(share * items, 1200) << items;
      }
    }
  }
}

TEST(ScanSample, MakesTheRequestsOfItsSegments) {
  ScanSample sample{false, 50, {7, 31}};
  ReadRequest request;
  request.table = "t";
  RequestSet requests = scan_sample_requests(sample, request);
  EXPECT_EQ(requests.operation, "Scan");
  ASSERT_EQ(requests.heads.size(), 2u);
  EXPECT_NE(requests.heads[0].find("\"Segment\":7,\"TotalSegments\":50"), std::string::npos);
  EXPECT_NE(requests.heads[1].find("\"Segment\":31,\"TotalSegments\":50"), std::string::npos);
}

}  // namespace
}  // namespace dynamodb
