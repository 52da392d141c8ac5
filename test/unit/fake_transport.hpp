// A network that a test plays: it sees what was sent and says what comes back.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "dynamodb/transport.hpp"

namespace dynamodb::test {

inline BodyBuffer buffer_of(std::string_view text) {
  BodyBuffer buffer;
  buffer.append(text.data(), text.size());
  return buffer;
}

/// An answer with this status and body.
inline HttpResponse answer(int status, std::string_view body) {
  HttpResponse response;
  response.status = status;
  response.body = buffer_of(body);
  response.bytes_received = body.size();
  return response;
}

/// The service's way to say no.
inline HttpResponse error_answer(int status, const std::string& type, const std::string& message = "no") {
  return answer(status,
                R"({"__type":"com.amazonaws.dynamodb.v20120810#)" + type + R"(","message":")" + message + "\"}");
}

/// There is no answer.
inline HttpResponse no_answer(Error error) {
  HttpResponse response;
  response.failure = std::move(error);
  return response;
}

class FakeTransport final : public Transport {
 public:
  struct Sent {
    RequestId id;
    HttpRequest request;
    std::string body;  // a copy: the view in `request` may be gone
  };

  RequestId start(const HttpRequest& request) override {
    if (std::exchange(out_of_memory, false)) throw std::bad_alloc();
    sent.push_back({++last_id_, request, std::string(request.body)});
    open.push_back(last_id_);
    if (answer_at_once) respond(answer_at_once());
    return last_id_;
  }
  void cancel(RequestId id) noexcept override {
    cancelled.push_back(id);
    std::erase(open, id);
    std::erase_if(finished_, [id](const auto& finished) { return finished.first == id; });
  }
  void advance() override { ++advances; }
  bool take_finished(RequestId* id, HttpResponse* response) override {
    if (finished_.empty()) return false;
    *id = finished_.front().first;
    *response = std::move(finished_.front().second);
    finished_.pop_front();
    return true;
  }
  int poll_descriptor() noexcept override { return -1; }
  void wake_at(Steady::time_point when) noexcept override { wake = when; }
  void recycle(BodyBuffer body) noexcept override { recycled += body.data() != nullptr ? 1 : 0; }

  /// Finishes request `id`; Client::advance() then sees it.
  void respond(RequestId id, HttpResponse response) {
    std::erase(open, id);
    finished_.emplace_back(id, std::move(response));
  }
  /// The same for the request sent last.
  void respond(HttpResponse response) { respond(last_id_, std::move(response)); }

  std::vector<Sent> sent;
  std::vector<RequestId> open;  // in flight, oldest first
  std::vector<RequestId> cancelled;
  Steady::time_point wake = Steady::time_point::max();
  int advances = 0;
  int recycled = 0;
  bool out_of_memory = false;                    // the next start() throws
  std::function<HttpResponse()> answer_at_once;  // where set, each request has its answer as soon as it is sent

 private:
  RequestId last_id_ = 0;
  std::deque<std::pair<RequestId, HttpResponse>> finished_;
};

}  // namespace dynamodb::test
