def urgency(work, weight, due, now):
    # EVOLVE-BLOCK-START
    score = now - due
    score += 0 * weight
    score -= 0 * work
    # EVOLVE-BLOCK-END
    return score
