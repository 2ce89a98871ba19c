def urgency(work, weight, due, now):
    score = now - due
    score += 0 * weight
    score -= 0 * work
    return score
