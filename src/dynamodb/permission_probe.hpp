// Asks for IAM permissions by requests that are well-formed and yet can have no effect.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/call_pool.hpp"
#include "dynamodb/client.hpp"

namespace dynamodb {

/// One question: may these credentials do this?
struct PermissionQuestion {
  std::string action;  ///< of IAM, without "dynamodb:"
  std::string index;   ///< what it is asked for is this index; empty: the table
  std::string operation;
  std::string body;
};

/// A question for each permission that the extension can use on `table`, and for reading each of `indexes`.
///
/// What they rely on: IAM decides about the resource that a request names before anything is looked up there, and a
/// denial is an AccessDeniedException (Developer Guide, "Identity and access management" and "Error handling"). What is
/// allowed on a table that does not exist is a ResourceNotFoundException. On one that does, all requests name key
/// attributes that the table does not have, for which the service has to know its schema: a ValidationException, and no
/// capacity is consumed. Should a table be made just like that, the writes still do nothing: PutItem, UpdateItem and
/// DeleteItem have a condition that never holds, BatchWriteItem deletes an item with a key that nobody writes, and a
/// ConditionCheck only checks.
std::vector<PermissionQuestion> permission_questions(std::string_view table, const std::vector<std::string>& indexes);

enum class Permission : uint8_t {
  granted,
  denied,
  unknown,  ///< the answer, or its lack, says nothing about it
};

/// What the answer to one of these questions says; null: a success.
Permission judge_permission(const Error* error) noexcept;

/// Asks several at once. Usage:
///   while (!survey.advance()) { wait until client.poll_descriptor() is readable; client.advance(); }
class PermissionSurvey {
 public:
  struct Outcome {
    PermissionQuestion question;
    Permission permission = Permission::unknown;
    std::optional<Error> error;  ///< the answer, unless it was a success
  };

  /// `client` must outlive this object.
  PermissionSurvey(Client& client, std::vector<PermissionQuestion> questions);

  /// Takes in what has arrived and sends what may be sent. True when all is done. Never waits.
  bool advance();

  /// In the order of the questions. REQUIRES: advance() returned true.
  const std::vector<Outcome>& outcomes() const noexcept { return outcomes_; }

 private:
  void collect();
  bool send_more();

  Client& client_;
  std::vector<Outcome> outcomes_;
  std::size_t next_ = 0;  // outcomes below were asked for
  CallPool calls_;
};

}  // namespace dynamodb
