// Several calls under way at once, each known by a number.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "dynamodb/client.hpp"

namespace dynamodb {

/// Owns calls until they are taken out finished. Small: finding one looks at all.
class CallPool {
 public:
  void add(std::size_t number, std::unique_ptr<Call> call) { calls_.emplace_back(number, std::move(call)); }

  /// Takes out a finished call and its number; null when none has finished.
  std::unique_ptr<Call> take_finished(std::size_t* number) noexcept {
    for (auto& [call_number, call] : calls_) {
      if (!call->finished()) continue;
      *number = call_number;
      std::unique_ptr<Call> finished = std::move(call);
      std::swap(calls_.back().first, call_number);
      std::swap(calls_.back().second, call);
      calls_.pop_back();
      return finished;
    }
    return nullptr;
  }

  std::size_t size() const noexcept { return calls_.size(); }

 private:
  std::vector<std::pair<std::size_t, std::unique_ptr<Call>>> calls_;
};

}  // namespace dynamodb
